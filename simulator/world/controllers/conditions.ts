import type { Condition } from '../objects.ts';

/** The conditions with this one in its place; its transition time changes only when its status does. */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  condition: Condition,
  timestamp: string,
): Condition[] {
  const before = conditions?.find(({ type }) => type === condition.type);
  const lastTransitionTime = before?.status === condition.status ? (before.lastTransitionTime ?? timestamp) : timestamp;
  const next = { ...condition, lastTransitionTime };
  if (before === undefined) return [...(conditions ?? []), next];
  return conditions!.map((other) => (other === before ? next : other));
}
