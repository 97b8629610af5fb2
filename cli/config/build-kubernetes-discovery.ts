import { PLAIN_HTTP_CLIENT } from '../../collector/http-transport.ts';
import type { KubeAccess } from '../../collector/kubernetes/kube-access.ts';
import { sameConfig } from '../../collector/same-config.ts';
import type {
  HttpClientConfig,
  KubernetesDiscoveryConfig,
  KubernetesRole,
} from '../../collector/scrape/scrape-config.ts';
import { buildServer } from './build-server.ts';
import type { DiscoverySettings } from './discovery-keys.ts';
import { type HttpClientSettings, httpClientKeys } from './http-client-keys.ts';
import type { Reading } from './reading.ts';

type KubernetesSettings = DiscoverySettings['kubernetes_sd_configs'][number];

/** The roles whose objects may be selected, by the role of the targets. */
const SELECTABLE: Readonly<Record<KubernetesRole, readonly KubernetesRole[]>> = {
  node: ['node'],
  pod: ['pod'],
  service: ['service'],
  endpoints: ['pod', 'service', 'endpoints'],
  endpointslice: ['pod', 'service', 'endpointslice'],
  ingress: ['ingress'],
};

/** Checks what the table of keys cannot say about an entry of kubernetes_sd_configs, by Prometheus' rules. */
export function buildKubernetesDiscovery(entry: KubernetesSettings, reading: Reading): KubernetesDiscoveryConfig {
  const { namespaces, attach_metadata: attachMetadata } = entry;
  checkSelectors(entry, reading);
  return {
    kind: 'kubernetes',
    access: buildAccess(entry, reading),
    role: entry.role,
    namespaces: { names: namespaces.names, own: namespaces.own_namespace },
    selectors: entry.selectors.map(({ role, label, field }) => ({ role, label, field })),
    attachMetadata: { node: attachMetadata.node, namespace: attachMetadata.namespace },
  };
}

function buildAccess(entry: KubernetesSettings, reading: Reading): KubeAccess {
  const { api_server: apiServer = '', kubeconfig_file: file = '', namespaces } = entry;
  const { url, client } = buildServer(apiServer, entry, reading);
  if (apiServer !== '' && file !== '') {
    reading.report(reading.placeOf(entry, 'kubeconfig_file'), 'expected at most one of api_server and kubeconfig_file');
  }
  if (apiServer === '') {
    const without = file === '' ? 'without api_server' : 'with kubeconfig_file';
    for (const key of Object.keys(httpClientKeys) as (keyof typeof httpClientKeys)[]) {
      if (!reading.isGiven(entry, key) || isPlain(key, entry, client)) continue;
      reading.report(reading.placeOf(entry, key), `expected no ${key} ${without}, which says how to log in`);
    }
  }
  if (namespaces.own_namespace && (apiServer !== '' || file !== '')) {
    const other = apiServer === '' ? 'kubeconfig_file' : 'api_server';
    reading.report(
      reading.placeOf(namespaces, 'own_namespace'),
      `expected own_namespace only in the cluster that Pharos runs in, got it with ${other}`,
    );
  }
  if (file !== '') return { kind: 'kubeconfig', file, context: undefined };
  return apiServer === '' ? { kind: 'in-cluster' } : { kind: 'api-server', url, client };
}

/** True for what is as it is without the key, and for what has no effect anyway. */
function isPlain(key: keyof HttpClientSettings, entry: HttpClientSettings, client: HttpClientConfig): boolean {
  const { notServed, fallback } = httpClientKeys[key];
  if (key === 'tls_config') return sameConfig(client.tls, PLAIN_HTTP_CLIENT.tls);
  return notServed !== undefined || sameConfig(entry[key], fallback);
}

function checkSelectors(entry: KubernetesSettings, reading: Reading): void {
  if (!reading.isSound(entry, 'role')) return;
  const { role, selectors, attach_metadata: attachMetadata } = entry;
  // Newer versions of Prometheus also select the nodes that are attached to pods.
  const allowed = [...SELECTABLE[role], ...(role === 'pod' && attachMetadata.node ? (['node'] as const) : [])];
  for (const [i, selector] of selectors.entries()) {
    if (!reading.isSound(selector, 'role')) continue;
    const place = reading.placeOf(selector, 'role');
    if (!allowed.includes(selector.role)) {
      reading.report(place, `expected ${allowed.join(' or ')} with the role ${role}, got ${selector.role}`);
    }
    if (selectors.findIndex((other) => other.role === selector.role) < i) {
      reading.report(place, `expected at most one selector for a role, got another one for ${selector.role}`);
    }
  }
}
