import type { RelabelConfig } from '../../relabel.ts';
import type { KubernetesRole, KubernetesSelector, ScrapeConfig } from '../../scrape/scrape-config.ts';
import { readScheme, readTiming } from './base-job.ts';
import type { ObjectReading } from './conversion.ts';
import type { Fields } from './fields.ts';
import { readHttpClient } from './http-client.ts';
import { type CheckedSelector, selectorRules, selectorText } from './label-selector.ts';

/** Which namespaces a monitor looks into: its own unless it says otherwise; [] means all. */
export function readNamespaces(fields: Fields, { namespace }: ObjectReading): readonly string[] {
  const selector = fields.map('namespaceSelector');
  const names = selector?.texts('matchNames') ?? [];
  if (selector?.boolean('any') === true) return [];
  return names.length > 0 ? names : [namespace];
}

type Endpoint = Pick<
  ScrapeConfig,
  | 'scrapeInterval'
  | 'scrapeTimeout'
  | 'metricsPath'
  | 'scheme'
  | 'params'
  | 'honorLabels'
  | 'honorTimestamps'
  | 'trackTimestampsStaleness'
  | 'client'
>;

/** What endpoints of a ServiceMonitor and of a PodMonitor have in common. */
export function readEndpoint(endpoint: Fields, reading: ObjectReading): Endpoint {
  return {
    ...readTiming(endpoint, reading),
    metricsPath: endpoint.text('path') ?? '/metrics',
    scheme: readScheme(endpoint),
    params: endpoint.textListMap('params'),
    honorLabels: endpoint.boolean('honorLabels') ?? false,
    honorTimestamps: endpoint.boolean('honorTimestamps') ?? true,
    trackTimestampsStaleness: endpoint.boolean('trackTimestampsStaleness') ?? false,
    client: readHttpClient(endpoint, reading),
  };
}

/** How the objects of a monitor are selected: by relabelling, or by asking the API server for no others. */
export interface Selection {
  readonly rules: readonly RelabelConfig[];
  readonly selectors: readonly KubernetesSelector[];
}

/** `roles` are those whose objects are asked for by label when `selectorMechanism` says so. */
export function readSelection(
  spec: Fields,
  selector: CheckedSelector,
  { object, roles }: { readonly object: 'service' | 'pod'; readonly roles: readonly KubernetesRole[] },
): Selection {
  const mechanism = spec.oneOf('selectorMechanism', ['RelabelConfig', 'RoleSelector']) ?? 'RelabelConfig';
  if (mechanism === 'RelabelConfig') return { rules: selectorRules(selector, object), selectors: [] };
  const label = selectorText(selector);
  return { rules: [], selectors: label === '' ? [] : roles.map((role) => ({ role, label, field: '' })) };
}
