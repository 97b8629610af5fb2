import type { Node } from '../../kubernetes/objects.ts';
import { sanitizeLabelName } from '../../kubernetes/sanitize-label-name.ts';
import type { TargetGroup } from '../../scrape/scrape-config.ts';
import { addObjectLabels, hostPort, META, type MetaLabels } from './meta-labels.ts';

/** The types of a node's addresses, the best one first. */
const PREFERRED = ['InternalIP', 'InternalDNS', 'ExternalIP', 'ExternalDNS', 'LegacyHostIP', 'Hostname'] as const;

/** A node: its kubelet is the target. A node without an address has none. */
export function nodeGroup(node: Node): TargetGroup | undefined {
  const { spec, status, metadata } = node;
  const labels: MetaLabels = {};
  if (spec.providerID !== undefined) labels[`${META}node_provider_id`] = spec.providerID;
  for (const { type, status: value } of status.conditions ?? []) {
    labels[`${META}node_condition_${sanitizeLabelName(type.toLowerCase())}`] = value.toLowerCase();
  }
  addObjectLabels(labels, 'node', node);
  const addresses = new Map<string, string>();
  for (const { type, address } of status.addresses ?? []) if (!addresses.has(type)) addresses.set(type, address);
  const best = PREFERRED.find((type) => addresses.has(type));
  if (best === undefined) return undefined;
  const port = status.daemonEndpoints?.kubeletEndpoint?.Port ?? 0;
  const target: MetaLabels = { __address__: hostPort(addresses.get(best)!, port), instance: metadata.name };
  for (const [type, address] of addresses) target[`${META}node_address_${sanitizeLabelName(type)}`] = address;
  return { targets: [target], labels, source: `node/${metadata.name}` };
}
