import { isIPv6 } from 'node:net';
import type { ScrapeConfig } from '../../scrape/scrape-config.ts';
import { nameAndSteps, readCommon, readScheme, readTiming } from './base-job.ts';
import type { ObjectReading } from './conversion.ts';
import type { Fields } from './fields.ts';
import { readHttpClient } from './http-client.ts';
import { kubernetesSource } from './kubernetes-source.ts';
import { readSelector, selectorRules } from './label-selector.ts';
import { readNamespaces } from './monitor-fields.ts';
import { readRelabelings, rule } from './relabel-rules.ts';

/**
 * The job of a Probe: a prober, such as the blackbox exporter, is asked about each target. The target is the parameter
 * `target` and the label `instance`; the label `namespace` is the Probe's for static targets, the ingress' for ingresses,
 * which have the label `ingress` too. Where both kinds of targets are given, the static ones count.
 */
export function readProbe(spec: Fields, reading: ObjectReading): readonly ScrapeConfig[] {
  const { namespace, name } = reading;
  const prober = spec.requiredMap('prober');
  const address = prober.requiredText('url');
  if (!isAddress(address)) prober.fail('url', `expected host or host:port, got ${JSON.stringify(address)}`);
  const label = spec.text('jobName');
  const targets = readTargets(spec.requiredMap('targets'), reading, address);
  const steps = [
    ...(label === undefined ? [] : [rule({ targetLabel: 'job', replacement: label })]),
    ...targets.relabelConfigs,
  ];
  return [
    {
      ...nameAndSteps(`probe/${namespace}/${name}`, steps, reading),
      ...readCommon(spec, reading),
      ...readTiming(spec, reading),
      metricsPath: prober.text('path') ?? '/probe',
      scheme: readScheme(prober),
      params: readParams(spec),
      honorLabels: false,
      honorTimestamps: true,
      trackTimestampsStaleness: false,
      client: readHttpClient(spec, reading, prober),
      discovery: targets.discovery,
      metricRelabelConfigs: readRelabelings(spec, 'metricRelabelings'),
    },
  ];
}

type Targets = Pick<ScrapeConfig, 'discovery' | 'relabelConfigs'>;

function readTargets(fields: Fields, reading: ObjectReading, prober: string): Targets {
  const fixed = fields.map('staticConfig');
  const ingress = fields.map('ingress');
  if (fixed !== undefined) {
    if (ingress !== undefined) reading.note(`${ingress.path} has no effect beside staticConfig`);
    return readStatic(fixed, reading, prober);
  }
  if (ingress === undefined) return fields.fail('staticConfig', 'expected it or ingress, got neither');
  return readIngress(ingress, reading, prober);
}

function readStatic(fields: Fields, { namespace }: ObjectReading, prober: string): Targets {
  const targets = fields.texts('static');
  targets.forEach((target, i) => {
    if (target === '') fields.fail(`static[${i}]`, 'expected a target, got ""');
  });
  const labels = { namespace, ...fields.textMap('labels') };
  return {
    discovery: [{ kind: 'static', groups: [{ targets, labels, source: 'static/0' }] }],
    relabelConfigs: [
      rule({ sourceLabels: ['__address__'], targetLabel: '__param_target' }),
      rule({ sourceLabels: ['__param_target'], targetLabel: 'instance' }),
      rule({ targetLabel: '__address__', replacement: prober }),
      ...readRelabelings(fields, 'relabelingConfigs'),
    ],
  };
}

function readIngress(fields: Fields, reading: ObjectReading, prober: string): Targets {
  const namespaces = readNamespaces(fields, reading);
  return {
    discovery: [kubernetesSource({ role: 'ingress', access: reading.context.access, namespaces })],
    relabelConfigs: [
      ...selectorRules(readSelector(fields, 'selector'), 'ingress'),
      rule({
        sourceLabels: ['__meta_kubernetes_ingress_scheme', '__address__', '__meta_kubernetes_ingress_path'],
        regex: '(.+);(.+);(.+)',
        targetLabel: '__param_target',
        replacement: '$1://$2$3',
      }),
      rule({ sourceLabels: ['__meta_kubernetes_namespace'], targetLabel: 'namespace' }),
      rule({ sourceLabels: ['__meta_kubernetes_ingress_name'], targetLabel: 'ingress' }),
      rule({ sourceLabels: ['__address__'], targetLabel: '__tmp_ingress_address' }),
      rule({ sourceLabels: ['__param_target'], targetLabel: 'instance' }),
      rule({ targetLabel: '__address__', replacement: prober }),
      ...readRelabelings(fields, 'relabelingConfigs'),
    ],
  };
}

/** `module` wins over a parameter of that name. */
function readParams(spec: Fields): ScrapeConfig['params'] {
  const params: Record<string, readonly string[]> = {};
  for (const param of spec.maps('params')) params[param.requiredText('name')] = param.texts('values');
  const module = spec.text('module');
  return module === undefined ? params : { ...params, module: [module] };
}

function isAddress(address: string): boolean {
  if (isIPv6(address)) return true;
  const match = /^(?:\[([^\]]+)\]|([A-Za-z0-9_](?:[-A-Za-z0-9_.]*[A-Za-z0-9_.])?))(?::(\d{1,5}))?$/.exec(address);
  if (match === null) return false;
  const [, v6, , port] = match;
  return (v6 === undefined || isIPv6(v6)) && (port === undefined || (Number(port) > 0 && Number(port) < 65_536));
}
