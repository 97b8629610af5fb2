import { ALPHA_OPT_IN, gauge } from './family.ts';
import { createdFamily, labelFamilies } from './metadata-families.ts';
import { emitChoice, emitConditions } from './object-values.ts';
import { clusterWide } from './state-resource.ts';

const PHASES = ['Active', 'Terminating'];

export const NAMESPACES = clusterWide('namespaces', 'namespace', [
  createdFamily('kube_namespace', {}),
  gauge('kube_namespace_status_phase', 'In which phase a namespace is.', ({ status }, emit) =>
    emitChoice(emit, status.phase, PHASES, 'phase'),
  ),
  gauge(
    'kube_namespace_status_condition',
    'Whether a condition of a namespace has this status.',
    ({ status }, emit) => emitConditions(emit, status.conditions),
    ALPHA_OPT_IN,
  ),
  ...labelFamilies('kube_namespace'),
]);
