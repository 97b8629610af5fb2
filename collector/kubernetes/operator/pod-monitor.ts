import type { RelabelConfig } from '../../relabel.ts';
import type { ScrapeConfig } from '../../scrape/scrape-config.ts';
import { sanitizeLabelName } from '../sanitize-label-name.ts';
import { labelRules, nameAndSteps, ONLY_RUNNING, readCommon } from './base-job.ts';
import type { ObjectReading } from './conversion.ts';
import type { Fields } from './fields.ts';
import { kubernetesSource, readAttachMetadata } from './kubernetes-source.ts';
import { readSelector } from './label-selector.ts';
import { readEndpoint, readNamespaces, readSelection } from './monitor-fields.ts';
import { checkRegex, literal, readRelabelings, rule } from './relabel-rules.ts';

/**
 * The jobs of a PodMonitor, one for each endpoint, with the steps that Prometheus Operator makes of it, in its order. What a
 * target's labels come from:
 *
 *     job        the pod's label `jobLabel`, or else NAMESPACE/NAME of the PodMonitor
 *     namespace, pod, container
 *     endpoint   the port as the endpoint names it; none for `portNumber`
 *     podTargetLabels of the pod
 */
export function readPodMonitor(spec: Fields, reading: ObjectReading): readonly ScrapeConfig[] {
  const { context, namespace, name } = reading;
  const selector = readSelector(spec, 'selector');
  const { rules: selection, selectors } = readSelection(spec, selector, { object: 'pod', roles: ['pod'] });
  const source = kubernetesSource({
    role: 'pod',
    access: context.access,
    namespaces: readNamespaces(spec, reading),
    selectors,
    attachMetadata: readAttachMetadata(spec),
  });
  const common = readCommon(spec, reading);
  const jobLabel = spec.text('jobLabel');
  const labels = [...spec.texts('podTargetLabels'), ...context.podTargetLabels].map(sanitizeLabelName);

  return spec.maps('podMetricsEndpoints').map((endpoint, i) => {
    const port = readPort(endpoint, reading);
    const steps = [
      ...((endpoint.boolean('filterRunning') ?? true) ? [ONLY_RUNNING] : []),
      ...selection,
      ...port.filter,
      rule({ sourceLabels: ['__meta_kubernetes_namespace'], targetLabel: 'namespace' }),
      rule({ sourceLabels: ['__meta_kubernetes_pod_container_name'], targetLabel: 'container' }),
      rule({ sourceLabels: ['__meta_kubernetes_pod_name'], targetLabel: 'pod' }),
      ...labelRules(
        'pod',
        labels.map((label) => ({ from: label, to: label })),
      ),
      rule({ targetLabel: 'job', replacement: literal(`${namespace}/${name}`) }),
      ...(jobLabel === undefined ? [] : labelRules('pod', [{ from: sanitizeLabelName(jobLabel), to: 'job' }])),
      ...port.label,
      ...readRelabelings(endpoint, 'relabelings'),
    ];
    return {
      ...nameAndSteps(`podMonitor/${namespace}/${name}/${i}`, steps, reading),
      ...common,
      ...readEndpoint(endpoint, reading),
      discovery: [source],
      metricRelabelConfigs: readRelabelings(endpoint, 'metricRelabelings'),
    };
  });
}

/** A container's port: `port` by name, `portNumber` by number, `targetPort` (older) by either. Without one, all ports. */
function readPort(
  endpoint: Fields,
  reading: ObjectReading,
): { readonly filter: readonly RelabelConfig[]; readonly label: readonly RelabelConfig[] } {
  const filter = (what: 'name' | 'number', regex: string): readonly RelabelConfig[] => [
    rule({ action: 'keep', sourceLabels: [`__meta_kubernetes_pod_container_port_${what}`], regex }),
  ];
  const label = (port: string): readonly RelabelConfig[] => [rule({ targetLabel: 'endpoint', replacement: port })];
  const port = endpoint.text('port');
  const portNumber = endpoint.port('portNumber');
  const targetPort = endpoint.port('targetPort');
  if (port !== undefined) checkRegex(endpoint, 'port', port);
  if (targetPort !== undefined) {
    checkRegex(endpoint, 'targetPort', targetPort.text);
    reading.note(`${endpoint.path}.targetPort is deprecated: use port or portNumber`);
  }
  if (port !== undefined) return { filter: filter('name', port), label: label(port) };
  // The operator labels the older field only, and keeps that label where a newer one decides.
  const older = targetPort === undefined ? [] : label(targetPort.text);
  if (portNumber !== undefined) return { filter: filter('number', portNumber.text), label: older };
  if (targetPort === undefined) return { filter: [], label: [] };
  return { filter: filter(targetPort.isNumber ? 'number' : 'name', targetPort.text), label: older };
}
