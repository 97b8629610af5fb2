import type { TargetGroup } from '../scrape/scrape-config.ts';

/**
 * Target groups as files and HTTP servers give them: `[{"targets": ["host:port"], "labels": {"name": "value"}}]`.
 * `labels` are added to each group's own. Throws an Error that names the place: `[1].targets[0]: expected text, got 5`.
 */
export function parseTargetGroups(
  data: unknown,
  { source, labels }: { readonly source: string; readonly labels: Readonly<Record<string, string>> },
): TargetGroup[] {
  // An empty YAML file means no targets, as in Prometheus.
  if (data === null || data === undefined) return [];
  if (!Array.isArray(data)) throw new Error(`expected a list of target groups, got ${describe(data)}`);
  return data.map((group: unknown, i) => {
    const own = parseGroup(group, `[${i}]`);
    return { targets: own.targets, labels: { ...own.labels, ...labels }, source: `${source}:${i}` };
  });
}

function parseGroup(group: unknown, path: string): Pick<TargetGroup, 'targets' | 'labels'> {
  if (typeof group !== 'object' || group === null || Array.isArray(group)) {
    throw new Error(`${path}: expected a group with targets and labels, got ${describe(group)}`);
  }
  let targets: readonly string[] = [];
  let labels: Readonly<Record<string, string>> = {};
  for (const [key, value] of Object.entries(group)) {
    if (key === 'targets') targets = parseTargets(value, `${path}.targets`);
    else if (key === 'labels') labels = parseLabels(value, `${path}.labels`);
    else throw new Error(`${path}: unknown key ${JSON.stringify(key)}; expected targets and labels`);
  }
  return { targets, labels };
}

function parseTargets(value: unknown, path: string): readonly string[] {
  if (value === null) return [];
  if (!Array.isArray(value)) throw new Error(`${path}: expected a list of addresses, got ${describe(value)}`);
  return value.map((target: unknown, i) => {
    if (typeof target !== 'string' || target === '') {
      throw new Error(`${path}[${i}]: expected an address such as host:9100, got ${describe(target)}`);
    }
    return target;
  });
}

function parseLabels(value: unknown, path: string): Readonly<Record<string, string>> {
  if (value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new Error(`${path}: expected a map of labels, got ${describe(value)}`);
  }
  const labels: Record<string, string> = {};
  for (const [name, text] of Object.entries(value)) {
    if (name === '') throw new Error(`${path}: a label name must not be empty`);
    if (typeof text !== 'string') {
      throw new Error(`${path}: expected text as the value of ${JSON.stringify(name)}, got ${describe(text)}`);
    }
    labels[name] = text;
  }
  return labels;
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : JSON.stringify(value).slice(0, 80);
}
