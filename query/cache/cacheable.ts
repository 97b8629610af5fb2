import type { Matcher } from '../../storage/matcher.ts';
import type { PlanNode } from '../plan/nodes.ts';
import { operandsOf } from '../plan/operands.ts';

/** What a cache needs to know of a plan. */
export interface PlanTraits {
  /** Names all that the plan computes: two plans with the same key give the same values at the same steps. */
  readonly key: string;
  /** The metrics that it reads; undefined when its selectors do not name them. */
  readonly metrics: readonly string[] | undefined;
  /** How far beyond its own time a step reads, in milliseconds; negative when all selectors look back. */
  readonly ahead: number;
  /** The latest time that is read whatever the step, because of `@`. */
  readonly latest: number;
}

export function traitsOf(plan: PlanNode): PlanTraits {
  const reach = reachOf(plan);
  const metrics = metricsOf(plan);
  return { key: keyOf(plan), metrics: metrics && [...new Set(metrics)], ...reach };
}

/** The whole plan as text, with the places in the query that annotations name. */
function keyOf(plan: PlanNode): string {
  return JSON.stringify(plan, (_, value: unknown) => {
    if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) return `number ${value}`;
    return isMatchers(value) ? value.map(String) : value;
  });
}

function isMatchers(value: unknown): value is readonly Matcher[] {
  return Array.isArray(value) && value.length > 0 && typeof value[0] === 'object' && 'matches' in (value[0] ?? {});
}

function reachOf(node: PlanNode): { ahead: number; latest: number } {
  const none = { ahead: Number.NEGATIVE_INFINITY, latest: Number.NEGATIVE_INFINITY };
  const below = operandsOf(node)
    .map(reachOf)
    .reduce((a, b) => ({ ahead: Math.max(a.ahead, b.ahead), latest: Math.max(a.latest, b.latest) }), none);
  switch (node.kind) {
    case 'select':
    case 'smoothed-select':
    case 'range-select':
    case 'extended-range-select':
    case 'info': {
      const further = 'readAhead' in node ? node.readAhead : 0;
      const own =
        node.at === undefined
          ? { ...none, ahead: further - node.offset }
          : { ...none, latest: node.at - node.offset + further };
      return { ahead: Math.max(below.ahead, own.ahead), latest: Math.max(below.latest, own.latest) };
    }
    case 'subquery':
      return node.at === undefined
        ? { ahead: below.ahead - node.offset, latest: below.latest }
        : { ...none, latest: Math.max(below.latest, node.at - node.offset + below.ahead) };
    default:
      return below;
  }
}

function metricsOf(node: PlanNode): readonly string[] | undefined {
  const below = operandsOf(node).map(metricsOf);
  const own = 'matchers' in node ? [namesOf(node.matchers)] : node.kind === 'info' ? [undefined] : [];
  const all = [...below, ...own];
  return all.some((names) => names === undefined) ? undefined : all.flatMap((names) => names!);
}

function namesOf(matchers: readonly Matcher[]): readonly string[] | undefined {
  const named = matchers.find(({ name, op, literals }) => {
    return name === '__name__' && (op === '=' || op === '=~') && literals !== undefined;
  });
  return named?.literals && [...named.literals];
}
