import { type ApiCaller, refusedWith } from '../api-caller.ts';
import type { KeyPair } from '../certificates/issue-certificate.ts';
import type { Succession } from './certificate-succession.ts';

/** A Secret that holds what several servers serve together. */
export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** What was read, with what is needed to replace it. */
export interface KeptSuccession {
  readonly succession: Succession | undefined;
  readonly resourceVersion: string | undefined;
}

interface Secret {
  readonly metadata?: {
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>> | null;
  };
  readonly data?: Readonly<Record<string, string>> | null;
}

const LABELS = { 'app.kubernetes.io/managed-by': 'pharos' };

/** Reads it; without a resource version there is no such Secret. Throws when it is somebody else's. Rejects as the API does. */
export async function readSuccession(api: ApiCaller, secret: SecretName, signal: AbortSignal): Promise<KeptSuccession> {
  let found: Secret;
  try {
    found = (await api.get(`${listPath(secret)}/${encodeURIComponent(secret.name)}`, { signal })) as Secret;
  } catch (error) {
    if (refusedWith(error) === 404) return { succession: undefined, resourceVersion: undefined };
    throw error;
  }
  if (found.metadata?.labels?.['app.kubernetes.io/managed-by'] !== LABELS['app.kubernetes.io/managed-by']) {
    throw new Error(
      `Secret ${secret.namespace}/${secret.name} must have the label app.kubernetes.io/managed-by: pharos, got none: is it somebody else's?`,
    );
  }
  return { succession: successionIn(found.data ?? {}), resourceVersion: found.metadata.resourceVersion };
}

/** Creates or replaces it. False when somebody else has done so meanwhile. Rejects as the API does. */
export async function writeSuccession(
  api: ApiCaller,
  secret: SecretName,
  {
    succession,
    resourceVersion,
    signal,
  }: { succession: Succession; resourceVersion: string | undefined; signal: AbortSignal },
): Promise<boolean> {
  const { namespace, name } = secret;
  const body = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata: { namespace, name, labels: LABELS, ...(resourceVersion !== undefined && { resourceVersion }) },
    data: dataOf(succession),
  };
  try {
    if (resourceVersion === undefined) await api.send('POST', listPath(secret), { body, signal });
    else await api.send('PUT', `${listPath(secret)}/${encodeURIComponent(name)}`, { body, signal });
    return true;
  } catch (error) {
    if (refusedWith(error) === 409) return false;
    throw error;
  }
}

function listPath({ namespace }: SecretName): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`;
}

function dataOf({ current, next, authorities }: Succession): Record<string, string> {
  return Object.fromEntries(
    Object.entries({
      'tls.crt': current.cert,
      'tls.key': current.key,
      'ca.crt': authorities,
      ...(next !== undefined && { 'next.crt': next.cert, 'next.key': next.key }),
    }).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );
}

function successionIn(data: Readonly<Record<string, string>>): Succession | undefined {
  const text = (key: string): string => Buffer.from(data[key] ?? '', 'base64').toString();
  const pair = (name: string): KeyPair | undefined => {
    const [cert, key] = [text(`${name}.crt`), text(`${name}.key`)];
    return cert === '' || key === '' ? undefined : { cert, key };
  };
  const current = pair('tls');
  const authorities = text('ca.crt');
  return current === undefined || authorities === '' ? undefined : { current, next: pair('next'), authorities };
}
