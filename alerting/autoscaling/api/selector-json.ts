import type { LabelSelector } from '../label-selector.ts';

/** A selector as objects of Kubernetes have it: `matchLabels` and `matchExpressions`; null for everything. */
export function selectorJson(selector: LabelSelector): object | null {
  if (selector.length === 0) return null;
  const labels = new Map<string, string>();
  const expressions: object[] = [];
  for (const { key, operator, values } of selector) {
    if (operator === 'In' && values.length === 1 && !labels.has(key)) labels.set(key, values[0]!);
    else expressions.push({ key, operator, ...(values.length > 0 && { values }) });
  }
  return {
    ...(labels.size > 0 && { matchLabels: Object.fromEntries(labels) }),
    ...(expressions.length > 0 && { matchExpressions: expressions }),
  };
}
