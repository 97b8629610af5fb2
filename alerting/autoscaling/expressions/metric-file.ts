import type { WrittenPath } from '../../written-form.ts';
import { type YamlDocument, YamlDocuments } from '../../yaml-documents.ts';
import type { FileProblem } from '../../yaml-reader.ts';
import type { MetricDefinition } from './metric-definition.ts';
import { type MetricDefaults, readMetric } from './read-metric.ts';

export interface MetricFileOptions {
  readonly defaults?: MetricDefaults | undefined;
}

const MAX_METRICS = 2_000;

/**
 * The named metrics of a configuration, the list `autoscaling.metrics`, or all problems of that list: one of the two is empty.
 * `file` is only a name. What else is in the text somebody else reads.
 */
export function parseMetricDefinitions(
  file: string,
  text: string,
  { defaults }: MetricFileOptions = {},
): { readonly definitions: readonly MetricDefinition[]; readonly problems: readonly FileProblem[] } {
  const yaml = new YamlDocuments(file, text);
  const [document] = yaml.documents;
  const definitions: MetricDefinition[] = [];
  const metrics = document === undefined ? undefined : listIn(document);
  if (document !== undefined && metrics !== undefined && metrics !== null) {
    const path: WrittenPath = ['autoscaling', 'metrics'];
    if (!Array.isArray(metrics) || metrics.length > MAX_METRICS) {
      const given = Array.isArray(metrics) ? String(metrics.length) : 'something else';
      yaml.report(document, { path, message: `expected a list of at most ${MAX_METRICS} metrics, got ${given}` });
    } else {
      for (const [i, given] of metrics.entries()) {
        const origin = yaml.sourceOf(document, [...path, i]);
        const { definition, problems } = readMetric(given, { form: 'snake', origin, defaults });
        for (const problem of problems) {
          yaml.report(document, { ...problem, path: [...path, i, ...problem.path] });
        }
        if (definition === undefined) continue;
        const other = definitions.find((one) => isSameMetric(one, definition));
        if (other !== undefined) {
          const message = `expected a name that no other metric has, got ${JSON.stringify(definition.name)}, which is that of ${other.origin}`;
          yaml.report(document, { path: [...path, i, 'name'], message });
        }
        definitions.push(definition);
      }
    }
  }
  return { definitions: yaml.problems.length === 0 ? definitions : [], problems: yaml.problems };
}

/** Whether an autoscaler that asks for one of them could as well mean the other. */
export function isSameMetric(a: MetricDefinition, b: MetricDefinition): boolean {
  const isApart = a.namespace !== undefined && b.namespace !== undefined && a.namespace !== b.namespace;
  if (a.name !== b.name || isApart) return false;
  if (a.type === 'External' || b.type === 'External') return a.type === b.type;
  return a.resources.some((resource) => b.resources.includes(resource));
}

function listIn({ value }: YamlDocument): unknown {
  const { autoscaling } = (value ?? {}) as { readonly autoscaling?: { readonly metrics?: unknown } | null };
  return autoscaling?.metrics;
}
