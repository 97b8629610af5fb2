import { isObject, type JsonValue } from './json-value.ts';

/** How a list is merged: by a field of its items, as a set of plain values, or not at all. */
export type ListMerge = { readonly by: string } | 'set' | 'replace';

const KEYS: Readonly<Record<string, string>> = {
  addresses: 'type',
  conditions: 'type',
  containers: 'name',
  env: 'name',
  ephemeralContainers: 'name',
  hostAliases: 'ip',
  hostIPs: 'ip',
  imagePullSecrets: 'name',
  initContainers: 'name',
  ownerReferences: 'uid',
  podIPs: 'ip',
  resourceClaims: 'name',
  secrets: 'name',
  topologySpreadConstraints: 'topologyKey',
  volumeDevices: 'devicePath',
  volumeMounts: 'mountPath',
  volumes: 'name',
};

/**
 * How the list in a field is merged, by the API's conventions for the built-in kinds. The field's name is enough to tell, but
 * for ports, which services tell apart by `port` and containers by `containerPort`. Lists of custom resources are replaced,
 * outside of their metadata.
 */
export function listMerge(field: string, items: readonly JsonValue[], custom: boolean): ListMerge {
  if (field === 'finalizers') return 'set';
  if (custom && field !== 'ownerReferences') return 'replace';
  if (field === 'ports') {
    const [first] = items;
    const by = isObject(first) && first.containerPort !== undefined ? 'containerPort' : 'port';
    return items.every((item) => isObject(item) && item[by] !== undefined) ? { by } : 'replace';
  }
  const by = KEYS[field];
  if (by === undefined || !items.every((item) => isObject(item) && item[by] !== undefined)) return 'replace';
  return { by };
}
