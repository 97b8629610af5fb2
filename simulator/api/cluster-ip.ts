import type { KubeObject } from '../kube-object.ts';
import type { ObjectStore } from '../object-store.ts';

interface Service extends KubeObject {
  readonly spec?: { readonly type?: string; readonly clusterIP?: string };
}

/** A service with an address of its own in 10.96.0.0/16, when it is to have one and has none. */
export function withClusterIp(object: KubeObject, store: ObjectStore): KubeObject {
  const { spec } = object as Service;
  if (spec?.type === 'ExternalName' || (spec?.clusterIP ?? '') !== '') return object;
  const taken = new Set(store.list('services').map((other) => (other as Service).spec?.clusterIP));
  let host = 256;
  while (taken.has(addressOf(host))) host++;
  return { ...object, spec: { ...spec, clusterIP: addressOf(host), clusterIPs: [addressOf(host)] } };
}

function addressOf(host: number): string {
  return `10.96.${(host >> 8) & 255}.${host & 255}`;
}
