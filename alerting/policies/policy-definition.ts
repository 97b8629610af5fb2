/**
 * How a policy is written: one definition of its keys, from which come the readers of all forms (YAML with names in snake case;
 * the Kubernetes resource and the JSON API with names in camel case, as here), the resource's OpenAPI schema and the reference.
 * What it says of a value is only what can be said of the value alone; `policy-checks.ts` looks at what belongs together.
 */
import type { z } from 'zod';
import { duration, finite, flag, list, map, oneOf, record, text, whole } from '../written-values.ts';
import { COMPARISONS, OBJECT_LEVELS, OPERATORS, SEVERITIES, STATISTICS } from './policy.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const DAY = 86_400_000;

/** The largest that a policy may be. */
export const POLICY_LIMITS = {
  conditions: 50,
  overrides: 100,
  periods: 1_000,
  /** Milliseconds: of all the periods that a condition looks back over. */
  lookBack: 30 * DAY,
  values: 1_000,
  labels: 64,
  receivers: 50,
  id: 100,
} as const;

const POLICY_ID = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
const METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

const labelLists = record(
  list(text('a value of a label, maybe with *', { min: 1, max: 253 }), {
    what: 'values',
    min: 1,
    max: POLICY_LIMITS.values,
  }),
  'labels with lists of values',
);

const selector = map({
  include: labelLists
    .default({})
    .describe(
      'Labels with lists of values, which may have `*` for any characters; an object must be in all of the lists.',
    ),
  exclude: labelLists.default({}).describe('Objects that are in one of these lists are left out.'),
});

const bySeverity = map(
  Object.fromEntries(
    SEVERITIES.map((severity) => [severity, finite.optional().describe(`For \`${severity}\`.`)]),
  ) as Record<(typeof SEVERITIES)[number], z.ZodOptional<typeof finite>>,
);

/** Either of the two forms of thresholds; that it is one of them is checked later. */
const thresholds = {
  threshold: finite.optional().describe('Short for `thresholds` with `warn` alone.'),
  thresholds: bySeverity
    .optional()
    .describe('From which value on each severity is reached; in percent for `increase` and `decrease`. At least one.'),
  recoveryThreshold: finite.optional().describe('Short for `recoveryThresholds` with `warn` alone.'),
  recoveryThresholds: bySeverity
    .optional()
    .describe('A severity that was reached holds until the value is on the good side of this. Default: the threshold.'),
};

const condition = map({
  metric: text('the name of a metric', { min: 1, max: 200, pattern: METRIC }).describe(
    "A metric of the catalogue at the policy's level, or any other metric that has the level's labels.",
  ),
  custom: flag.default(false).describe('The metric is none of the catalogue although its name begins with `k8s_`.'),
  period: duration('a duration', { min: 10 * SECOND, max: DAY })
    .prefault('1m')
    .describe('Over which the statistic is taken. A day must be a whole number of periods.'),
  statistic: oneOf(STATISTICS).default('avg').describe('What becomes of the samples of a period.'),
  operator: oneOf(OPERATORS).describe(
    'How the value is compared with the threshold. `increase` and `decrease` compare the change, in percent.',
  ),
  comparison: oneOf(COMPARISONS)
    .optional()
    .describe(
      'What `increase` and `decrease` compare with: the period before (the default), or the same a day or week ago.',
    ),
  ...thresholds,
  periods: whole('the number of periods', { min: 1, max: POLICY_LIMITS.periods })
    .default(1)
    .describe('In how many periods it must be breached.'),
  outOf: whole('the number of periods', { min: 1, max: POLICY_LIMITS.periods })
    .optional()
    .describe('Of how many of the last periods. Default: the same as `periods`, so consecutive ones.'),
});

const noData = map({
  mode: oneOf(['ok', 'alert', 'keep'])
    .default('keep')
    .describe(
      'What an object without a value is: `ok` counts as not breached, `keep` leaves its alert as it is, `alert` is an alert of its own.',
    ),
  after: duration('a duration', { min: 0, max: 7 * DAY })
    .prefault('10m')
    .describe('For `alert`: after how long without a value.'),
  severity: oneOf(SEVERITIES).default('warn').describe('For `alert`: its severity.'),
});

const override = map({
  objects: selector.describe('Which of the objects. The first override that an object is in counts.'),
  disabled: flag.default(false).describe('These objects have no alerts.'),
  conditions: list(
    map({
      condition: whole('the position of a condition', { min: 0, max: POLICY_LIMITS.conditions - 1 })
        .optional()
        .describe('Which one, counted from 0; may be left out when the policy has only one.'),
      ...thresholds,
    }),
    { what: 'conditions', max: POLICY_LIMITS.conditions },
  )
    .default([])
    .describe('Thresholds that replace those of the conditions.'),
});

const interval = { min: MINUTE, max: 30 * DAY };

const repeat = map({
  kind: oneOf(['once', 'every', 'exponential']).describe(
    '`once` never repeats, `every` repeats at the interval, `exponential` after twice as long each time.',
  ),
  interval: duration('a duration', interval).optional().describe('Of `every`.'),
  first: duration('a duration', interval)
    .optional()
    .describe('Of `exponential`: until the first repetition. Default 5m.'),
  longest: duration('a duration', interval).optional().describe('Of `exponential`: the longest time. Default 1d.'),
});

const notice = map({
  receivers: list(text('the name of a receiver', { min: 1, max: 200 }), {
    what: 'receivers',
    max: POLICY_LIMITS.receivers,
  })
    .default([])
    .describe('Who is told; without any, those that the routes lead to.'),
  groupBy: list(text('the name of a label, or "..."', { min: 1, max: 200 }), {
    what: 'labels',
    max: POLICY_LIMITS.labels,
  })
    .optional()
    .describe('Labels that make alerts one notification; `...` means each by itself. Default: as the routes say.'),
  repeat: repeat.optional().describe('How often it is told again while nothing changes. Default: as the routes say.'),
});

const values = (what: string) => record(text(what, { max: 4_096 }), 'names and texts');

/** A policy as it is written, with names in camel case. What it gives has its defaults and durations in milliseconds. */
export const POLICY_DEFINITION = map({
  id: text('an id of a-z, 0-9 and -, with - not at an end', {
    min: 1,
    max: POLICY_LIMITS.id,
    pattern: POLICY_ID,
  }).describe('Stays for the life of the policy, and is unique among all of them.'),
  name: text('a name', { min: 1, max: 200 }).describe('The label `alertname` of its alerts.'),
  description: text('a text', { max: 4_096 }).default('').describe('For people.'),
  enabled: flag.default(true).describe('Whether it is evaluated.'),
  level: oneOf(OBJECT_LEVELS).describe('What its objects are; each object is an alert of its own.'),
  objects: selector.prefault({}).describe('Which objects of the level. Default: all.'),
  conditions: list(condition, { what: 'conditions', min: 1, max: POLICY_LIMITS.conditions }).describe(
    'What must hold of an object.',
  ),
  union: oneOf(['any', 'all'])
    .default('any')
    .describe('Whether any of the conditions makes an alert, or only all of them together.'),
  noData: noData.prefault({}).describe('What happens when an object has no value.'),
  overrides: list(override, { what: 'overrides', max: POLICY_LIMITS.overrides })
    .default([])
    .describe('What is different for some objects.'),
  notice: notice.prefault({}).describe('Who is told, and how often.'),
  labels: values('a text, which may be a template').default({}).describe('Added to its alerts; values are templates.'),
  annotations: values('a text, which may be a template')
    .default({})
    .describe('Added to its alerts; values are templates.'),
});

/** A policy that was read. Durations are milliseconds. */
export type WrittenPolicy = z.output<typeof POLICY_DEFINITION>;
export type WrittenCondition = WrittenPolicy['conditions'][number];
export type WrittenThresholds = Pick<
  WrittenCondition,
  'threshold' | 'thresholds' | 'recoveryThreshold' | 'recoveryThresholds'
>;
