import type { PodDisruptionBudget } from '../policy-objects.ts';
import { ALPHA, type Family, gauge } from './family.ts';
import { createdFamily, deletionFamily, labelFamilies } from './metadata-families.ts';
import { namespaced } from './state-resource.ts';

function ofStatus(name: string, help: string, field: keyof PodDisruptionBudget['status']): Family<PodDisruptionBudget> {
  return gauge(`kube_poddisruptionbudget_status_${name}`, help, ({ status }, emit) => emit(status[field] ?? 0));
}

export const POD_DISRUPTION_BUDGETS = namespaced('poddisruptionbudgets', 'poddisruptionbudget', [
  createdFamily('kube_poddisruptionbudget'),
  deletionFamily('kube_poddisruptionbudget'),
  ofStatus('current_healthy', 'How many pods of a budget are healthy.', 'currentHealthy'),
  ofStatus('desired_healthy', 'How many pods of a budget must be healthy.', 'desiredHealthy'),
  ofStatus('pod_disruptions_allowed', 'How many pods of a budget may be taken away.', 'disruptionsAllowed'),
  ofStatus('expected_pods', 'How many pods a budget is about.', 'expectedPods'),
  ofStatus('observed_generation', 'Which generation of a budget its controller has seen.', 'observedGeneration'),
  ...labelFamilies('kube_poddisruptionbudget', ALPHA),
]);
