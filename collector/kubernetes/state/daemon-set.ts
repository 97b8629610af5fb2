import type { DaemonSet } from '../objects.ts';
import { type Family, gauge } from './family.ts';
import { createdFamily, deletionFamily, generationFamily, labelFamilies } from './metadata-families.ts';
import { namespaced } from './state-resource.ts';

function ofStatus(name: string, help: string, field: keyof DaemonSet['status']): Family<DaemonSet> {
  return gauge(`kube_daemonset_status_${name}`, help, ({ status }, emit) => emit(status[field] ?? 0));
}

export const DAEMON_SETS = namespaced('daemonsets', 'daemonset', [
  createdFamily('kube_daemonset', {}),
  deletionFamily('kube_daemonset'),
  generationFamily('kube_daemonset'),
  ofStatus(
    'current_number_scheduled',
    'On how many nodes a daemon set has a pod that should have one.',
    'currentNumberScheduled',
  ),
  ofStatus('desired_number_scheduled', 'On how many nodes a daemon set should have a pod.', 'desiredNumberScheduled'),
  ofStatus('number_available', 'On how many nodes the pod of a daemon set is available.', 'numberAvailable'),
  ofStatus('number_misscheduled', 'On how many nodes a daemon set has a pod that should not.', 'numberMisscheduled'),
  ofStatus('number_ready', 'On how many nodes the pod of a daemon set is ready.', 'numberReady'),
  ofStatus('number_unavailable', 'On how many nodes the pod of a daemon set is missing.', 'numberUnavailable'),
  ofStatus(
    'updated_number_scheduled',
    'On how many nodes the pod of a daemon set is of its present template.',
    'updatedNumberScheduled',
  ),
  ofStatus('observed_generation', 'Which generation of a daemon set its controller has seen.', 'observedGeneration'),
  ...labelFamilies('kube_daemonset'),
]);
