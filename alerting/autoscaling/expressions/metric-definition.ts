/**
 * How a named metric is written: one definition of its keys, from which come the readers of both forms (the configuration, and the
 * Kubernetes resources), the resources' schema and the reference. What it says of a value is only what can be said of the value
 * alone; `read-metric.ts` looks at what belongs together.
 */
import type { z } from 'zod';
import { duration, list, map, oneOf, record, text } from '../../written-values.ts';
import type { ExpressionTemplate } from './expression-template.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;

export const METRIC_TYPES = ['Pods', 'Object', 'External'] as const;
export type MetricType = (typeof METRIC_TYPES)[number];

/** The largest that a definition may be. */
export const METRIC_LIMITS = {
  name: 200,
  expression: 16_384,
  resources: 20,
  hold: 15 * MINUTE,
  freshness: HOUR,
  window: 24 * HOUR,
} as const;

/** What a path of the API can hold between two slashes, as it is. */
const NAME = /^[a-zA-Z0-9_:][a-zA-Z0-9_:.@-]*$/;
const RESOURCE = /^[a-z][a-z0-9]*(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const NAMESPACE = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

const expression = (what: string) => text(what, { min: 1, max: METRIC_LIMITS.expression });

/** A metric as it is written, with names in camel case. What it gives has durations in milliseconds. */
export const METRIC_DEFINITION = map({
  name: text('a name of letters, digits, _, :, ., @ and -', {
    min: 1,
    max: METRIC_LIMITS.name,
    pattern: NAME,
  }).describe('By which autoscalers ask for it. Names that begin with `k8s_` are those of the catalogue.'),
  description: text('a text', { max: 4_096 }).default('').describe('For people.'),
  type: oneOf(METRIC_TYPES).describe(
    'As in a HorizontalPodAutoscaler: `Pods` has a value for each pod, `Object` one for each object of `resources`, `External` is about no object; its rows are summed.',
  ),
  expr: expression('a PromQL expression').describe(
    'PromQL. `$selector` in the braces of a selector is the place of what an autoscaler selects by labels, and of the cluster.',
  ),
  resources: list(text('a resource such as services or deployments.apps', { min: 1, max: 253, pattern: RESOURCE }), {
    what: 'resources',
    min: 1,
    max: METRIC_LIMITS.resources,
  })
    .optional()
    .describe('Of `Object`: which objects it is about, as in `kubectl get`: `services`, `deployments.apps`, `nodes`.'),
  labels: record(text('the name of a label', { min: 1, max: 1_024 }), 'kinds of objects and names of labels')
    .optional()
    .describe(
      "Which labels of the result name the object, by `namespace` or the resource's singular. Default: labels of these names, as `namespace` and `pod`.",
    ),
  timestamp: expression('a PromQL expression')
    .optional()
    .describe(
      'PromQL that gives, for the rows of `expr` (or, as one row without labels, for all of them), the time in seconds of the oldest sample in them. Default: it is derived from `expr`.',
    ),
  window: duration('a duration', { min: 0, max: METRIC_LIMITS.window })
    .optional()
    .describe('What a value is about, which autoscalers are told. Default: the longest range in `expr`.'),
  freshness: duration('a duration', { min: SECOND, max: METRIC_LIMITS.freshness })
    .optional()
    .describe(
      'How old the samples of a value may be; what is older is an error. Default: `autoscaling.freshness`, 90s.',
    ),
  hold: duration('a duration', { min: 0, max: METRIC_LIMITS.hold })
    .optional()
    .describe(
      'For so long beyond `freshness` the last good value is served, with its true time. Default: `autoscaling.hold`, none.',
    ),
  namespace: text('the name of a namespace', { min: 1, max: 63, pattern: NAMESPACE })
    .optional()
    .describe('Only objects of this namespace, and only autoscalers in it. Default: all.'),
});

/** A metric that was read, before what belongs together is checked. */
export type WrittenMetric = z.output<typeof METRIC_DEFINITION>;

/** A named expression, checked. Durations are milliseconds. */
export interface MetricDefinition extends Required<Pick<WrittenMetric, 'name' | 'description' | 'type'>> {
  /** [] for External. */
  readonly resources: readonly string[];
  /** By `namespace` and the singulars of the resources; where there is none the label is called so itself. */
  readonly labels: Readonly<Record<string, string>>;
  readonly expr: ExpressionTemplate;
  /** Gives the time of the oldest sample in each row, in seconds. */
  readonly times: ExpressionTemplate;
  readonly window: number;
  readonly freshness: number;
  readonly hold: number;
  /** The one namespace that it is about and that may ask; undefined for all. */
  readonly namespace: string | undefined;
  /** All that it reads is of its namespace and cluster, whatever its expression says. */
  readonly isBound: boolean;
  /** For the user: `file:line`, or the kind and name of an object. */
  readonly origin: string;
}
