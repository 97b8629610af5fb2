import { sanitizeLabelName } from '../sanitize-label-name.ts';
import type { AllowedNames } from './allowed-names.ts';

/**
 * The allowed ones of an object's labels as labels of a series, names and values in turn: `app.kubernetes.io/partOf` becomes
 * `label_app_kubernetes_io_part_of`. Where two names become one, each gets a suffix in the order of the names:
 * `_conflict1`, `_conflict2`.
 */
export function toSeriesLabels(
  prefix: 'label' | 'annotation' | 'nodeselector' | 'metadata',
  from: Readonly<Record<string, string>> | undefined,
  allowed?: AllowedNames,
): string[] {
  const names = Object.keys(from ?? {})
    .filter((name) => allowed === undefined || allowed.has(name))
    .sort();
  const written = names.map((name) => `${prefix}_${snakeCase(sanitizeLabelName(name))}`);
  const counts = new Map<string, number>();
  for (const name of written) counts.set(name, (counts.get(name) ?? 0) + 1);
  const seen = new Map<string, number>();
  return names.flatMap((name, i) => {
    const label = written[i]!;
    const value = String(from![name]);
    if (counts.get(label) === 1) return [label, value];
    const number = (seen.get(label) ?? 0) + 1;
    seen.set(label, number);
    return [`${label}_conflict${number}`, value];
  });
}

function snakeCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
}
