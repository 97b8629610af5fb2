import type { Secret } from '../../secret.ts';

/** A key of a Secret or a ConfigMap. */
export interface Reference {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
}

/** What is known of a reference. A value may be old: then `problem` says why it could not be read again. */
export type Resolved =
  | { readonly state: 'pending' }
  | { readonly state: 'failed'; readonly problem: string }
  | { readonly state: 'known'; readonly value: Secret; readonly problem: string | undefined };

/** What the Secrets and ConfigMaps hold that objects refer to. */
export interface ReferenceLookup {
  resolve(reference: Reference): Resolved;
}

/** `Secret monitoring/tls`: which object it is, whatever the key. */
export function referencedObject({ kind, namespace, name }: Omit<Reference, 'key'>): string {
  return `${kind} ${namespace}/${name}`;
}
