import type { RuleObjectStatus } from '../alerting/rules/rule-objects.ts';
import type { KubernetesClusterStatus } from '../query/api/query-api-deps.ts';

/** The status of a cluster with its PrometheusRules among the operator's objects. */
export function withRules(
  cluster: KubernetesClusterStatus,
  rules: readonly RuleObjectStatus[],
): KubernetesClusterStatus {
  const objects = rules
    .filter((object) => object.cluster === cluster.name)
    .map(({ namespace, name, state, problem }) => {
      return { kind: 'PrometheusRule', namespace, name, state, scrapePools: [], problem, notes: [] };
    });
  return { ...cluster, operatorObjects: [...cluster.operatorObjects, ...objects] };
}
