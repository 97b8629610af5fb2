import type { RelabelConfig } from '../../relabel.ts';
import type { ScrapeConfig } from '../../scrape/scrape-config.ts';
import { sanitizeLabelName } from '../sanitize-label-name.ts';
import { labelRules, nameAndSteps, ONLY_RUNNING, readCommon } from './base-job.ts';
import type { ObjectReading } from './conversion.ts';
import type { Fields } from './fields.ts';
import { kubernetesSource, readAttachMetadata } from './kubernetes-source.ts';
import { readSelector } from './label-selector.ts';
import { readEndpoint, readNamespaces, readSelection } from './monitor-fields.ts';
import { checkRegex, readRelabelings, rule } from './relabel-rules.ts';

/**
 * The jobs of a ServiceMonitor, one for each endpoint, with the steps that Prometheus Operator makes of it, in its order.
 * What a target's labels come from:
 *
 *     job        the service's label `jobLabel`, or else the service's name
 *     namespace, service, pod, container, node (where the address is a node's)
 *     endpoint   the port as the endpoint names it
 *     targetLabels of the service, podTargetLabels of the pod
 */
export function readServiceMonitor(spec: Fields, reading: ObjectReading): readonly ScrapeConfig[] {
  const { context, namespace, name } = reading;
  const chosen = spec.oneOf('serviceDiscoveryRole', ['Endpoints', 'EndpointSlice']);
  const role = (chosen?.toLowerCase() as 'endpoints' | 'endpointslice' | undefined) ?? context.serviceDiscoveryRole;
  const selector = readSelector(spec, 'selector');
  const { rules: selection, selectors } = readSelection(spec, selector, {
    object: 'service',
    roles: [role, 'service'],
  });
  const source = kubernetesSource({
    role,
    access: context.access,
    namespaces: readNamespaces(spec, reading),
    selectors,
    attachMetadata: readAttachMetadata(spec),
  });
  const common = readCommon(spec, reading);
  const jobLabel = spec.text('jobLabel');
  const own = spec.texts('targetLabels').map(sanitizeLabelName);
  const pods = [...spec.texts('podTargetLabels'), ...context.podTargetLabels].map(sanitizeLabelName);

  return spec.maps('endpoints').map((endpoint, i) => {
    const port = readPort(endpoint, role);
    const steps = [
      ...selection,
      ...port.filter,
      ...objectRules(role),
      ...((endpoint.boolean('filterRunning') ?? true) ? [ONLY_RUNNING] : []),
      ...labelRules('service', own.map(same)),
      ...labelRules('pod', pods.map(same)),
      rule({ sourceLabels: ['__meta_kubernetes_service_name'], targetLabel: 'job' }),
      ...(jobLabel === undefined ? [] : labelRules('service', [{ from: sanitizeLabelName(jobLabel), to: 'job' }])),
      ...port.label,
      ...readRelabelings(endpoint, 'relabelings'),
    ];
    return {
      ...nameAndSteps(`serviceMonitor/${namespace}/${name}/${i}`, steps, reading),
      ...common,
      ...readEndpoint(endpoint, reading),
      discovery: [source],
      metricRelabelConfigs: readRelabelings(endpoint, 'metricRelabelings'),
    };
  });
}

function same(label: string): { readonly from: string; readonly to: string } {
  return { from: label, to: label };
}

/** `port` is a service's, by name; `targetPort` a container's, by name or number. Without either all ports are meant. */
function readPort(
  endpoint: Fields,
  role: 'endpoints' | 'endpointslice',
): { readonly filter: readonly RelabelConfig[]; readonly label: readonly RelabelConfig[] } {
  const port = endpoint.text('port');
  const targetPort = endpoint.port('targetPort');
  if (port !== undefined) {
    const source = `__meta_kubernetes_${metaName(role)}_port_name`;
    checkRegex(endpoint, 'port', port);
    return {
      filter: [rule({ action: 'keep', sourceLabels: [source], regex: port })],
      label: [rule({ targetLabel: 'endpoint', replacement: port })],
    };
  }
  if (targetPort === undefined) return { filter: [], label: [] };
  const source = `__meta_kubernetes_pod_container_port_${targetPort.isNumber ? 'number' : 'name'}`;
  checkRegex(endpoint, 'targetPort', targetPort.text);
  return {
    filter: [rule({ action: 'keep', sourceLabels: [source], regex: targetPort.text })],
    label: [rule({ targetLabel: 'endpoint', replacement: targetPort.text })],
  };
}

/** The address of an endpoint stands for a node or a pod; other labels come from the pod behind it. */
function objectRules(role: 'endpoints' | 'endpointslice'): readonly RelabelConfig[] {
  const target = ['kind', 'name'].map((what) => `__meta_kubernetes_${metaName(role)}_address_target_${what}`);
  const of = (kind: string, targetLabel: string): RelabelConfig =>
    rule({ sourceLabels: target, regex: `${kind};(.*)`, targetLabel });
  return [
    of('Node', 'node'),
    of('Pod', 'pod'),
    rule({ sourceLabels: ['__meta_kubernetes_namespace'], targetLabel: 'namespace' }),
    rule({ sourceLabels: ['__meta_kubernetes_service_name'], targetLabel: 'service' }),
    rule({ sourceLabels: ['__meta_kubernetes_pod_name'], targetLabel: 'pod' }),
    rule({ sourceLabels: ['__meta_kubernetes_pod_container_name'], targetLabel: 'container' }),
  ];
}

function metaName(role: 'endpoints' | 'endpointslice'): string {
  return role === 'endpoints' ? 'endpoint' : 'endpointslice';
}
