import type { z } from 'zod';
import { type FieldProblem, readNames, type WrittenForm, writtenName, writtenPath } from '../written-form.ts';
import type { CheckContext } from './check-context.ts';
import type { MetricCatalogue } from './metric-catalogue.ts';
import type { AlertPolicy, ObjectLevel } from './policy.ts';
import { OBJECT_LEVELS } from './policy.ts';
import { checkCondition, checkPolicy } from './policy-checks.ts';
import { POLICY_DEFINITION, type WrittenPolicy } from './policy-definition.ts';
import { checkScope, RESOURCE_PREFIX, type ResourceScope, scopedObjects } from './resource-scope.ts';
import { bySeverity } from './thresholds.ts';

/** What policies are checked against. */
export interface PolicyContext {
  readonly catalogue: MetricCatalogue;
  /** Names of receivers that policies may name; undefined when that is not known, then all may be named. */
  readonly receivers?: readonly string[] | undefined;
}

export interface ReadPolicyOptions extends PolicyContext {
  readonly form: WrittenForm;
  /** See `AlertPolicy.source`. */
  readonly source: string;
  /** Of a Kubernetes resource: what it may be about. */
  readonly scope?: ResourceScope | undefined;
  /** Of a Kubernetes resource, which does not say it itself. */
  readonly id?: string | undefined;
}

/** As in a resource. */
const WITHOUT_ID = POLICY_DEFINITION.omit({ id: true });

/** A policy, or everything that is wrong with it. */
export type PolicyReading =
  | { readonly policy: AlertPolicy; readonly problems: readonly [] }
  | { readonly policy: undefined; readonly problems: readonly FieldProblem[] };

/** Reads a policy from what YAML or JSON gave: fills in defaults and checks it. */
export function readPolicy(given: unknown, options: ReadPolicyOptions): PolicyReading {
  const { form, source, scope, id } = options;
  const names = readNames(id === undefined ? POLICY_DEFINITION : WITHOUT_ID, given, form);
  const value: unknown = id === undefined ? names.value : { ...(names.value as object), id };
  const problems: FieldProblem[] = [...names.problems];
  const context: CheckContext = {
    catalogue: options.catalogue,
    receivers: options.receivers,
    name: (key) => writtenName(key, form),
    report: (path, message) => problems.push({ path: writtenPath(POLICY_DEFINITION, path, form), message }),
  };
  const parsed = POLICY_DEFINITION.safeParse(value, { reportInput: true });
  if (parsed.success) {
    checkPolicy(parsed.data, context);
    if (scope !== undefined) checkScope(parsed.data, scope, context);
    else if (parsed.data.id.startsWith(RESOURCE_PREFIX)) {
      const given = JSON.stringify(parsed.data.id);
      const wanted = `expected an id that does not begin with ${RESOURCE_PREFIX}`;
      context.report(['id'], `${wanted}, got ${given}; such ids are those of Kubernetes resources`);
    }
    if (problems.length === 0) return { policy: policyOf(parsed.data, source, scope), problems: [] };
  } else {
    for (const { path, message } of parsed.error.issues) context.report(path, message);
    checkRest(names.value, context);
  }
  return { policy: undefined, problems };
}

/** Of a policy that has faults of form also those faults of meaning that can be told. */
function checkRest(value: unknown, context: CheckContext): void {
  const { level, conditions } = (value ?? {}) as { readonly level?: unknown; readonly conditions?: unknown };
  if (!OBJECT_LEVELS.some((known) => known === level) || !Array.isArray(conditions)) return;
  const one: z.ZodType<WrittenPolicy['conditions'][number]> = POLICY_DEFINITION.shape.conditions.element;
  for (const [i, given] of conditions.entries()) {
    const condition = one.safeParse(given);
    if (condition.success) checkCondition(condition.data, level as ObjectLevel, ['conditions', i], context);
  }
}

const DEFAULT_FIRST = 300_000;
const DEFAULT_LONGEST = 86_400_000;

function policyOf(written: WrittenPolicy, source: string, scope: ResourceScope | undefined): AlertPolicy {
  const { conditions, overrides, notice, objects, ...rest } = written;
  return {
    ...rest,
    source,
    objects: scopedObjects(objects, scope),
    conditions: conditions.map((condition) => {
      const { metric, period, statistic, operator, comparison = 'period', periods, outOf = periods } = condition;
      const { thresholds, recovery = {} } = bySeverity(condition);
      return { metric, period, statistic, operator, comparison, thresholds, recovery, periods, outOf };
    }),
    overrides: overrides.map((override) => ({
      objects: override.objects,
      disabled: override.disabled,
      conditions: Object.fromEntries(override.conditions.map((change) => [change.condition ?? 0, bySeverity(change)])),
    })),
    notice: { receivers: notice.receivers, groupBy: notice.groupBy, repeat: repeatOf(notice.repeat) },
  };
}

function repeatOf(repeat: WrittenPolicy['notice']['repeat']): AlertPolicy['notice']['repeat'] {
  if (repeat === undefined) return undefined;
  const { kind } = repeat;
  switch (kind) {
    case 'once':
      return { kind: 'once' };
    case 'every':
      return { kind: 'every', interval: repeat.interval! };
    case 'exponential': {
      const { first = Math.min(DEFAULT_FIRST, repeat.longest ?? DEFAULT_FIRST) } = repeat;
      return { kind: 'exponential', first, longest: repeat.longest ?? Math.max(DEFAULT_LONGEST, first) };
    }
    default:
      return kind satisfies never;
  }
}
