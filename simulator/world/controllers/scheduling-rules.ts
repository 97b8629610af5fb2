import { matchesExpression, selectsAll } from '../label-selector.ts';
import type { Node, PodSpec, Taint, Toleration } from '../objects.ts';

/** Whether the node is one that the pod's selector and affinity ask for. */
export function fitsNode(spec: PodSpec, node: Node): boolean {
  const { labels, name } = node.metadata;
  if (!selectsAll(spec.nodeSelector, labels)) return false;
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (terms === undefined) return true;
  return terms.some(
    ({ matchExpressions = [], matchFields = [] }) =>
      matchExpressions.every((expression) => matchesExpression(expression, labels)) &&
      matchFields.every((expression) => matchesExpression(expression, { 'metadata.name': name })),
  );
}

/** Whether every taint of these effects is tolerated. */
export function tolerates(
  tolerations: readonly Toleration[] | undefined,
  taints: readonly Taint[],
  effects: readonly string[],
): boolean {
  return taints.every((taint) => !effects.includes(taint.effect) || tolerationOf(tolerations, taint) !== undefined);
}

export function tolerationOf(tolerations: readonly Toleration[] | undefined, taint: Taint): Toleration | undefined {
  return tolerations?.find(
    ({ key, operator = 'Equal', value = '', effect }) =>
      (effect === undefined || effect === taint.effect) &&
      (key === undefined ? operator === 'Exists' : key === taint.key) &&
      (operator === 'Exists' || value === (taint.value ?? '')),
  );
}
