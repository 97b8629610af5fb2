import type { PolicyDraft, Severity } from './policy-draft.ts';

const TIMEOUT = 90_000;

/** What is wrong with one field of a policy: `conditions[0].period`; '' for the whole. */
export interface FieldFault {
  readonly field: string;
  readonly message: string;
}

/** A policy that the server refuses. */
export class PolicyRefused extends Error {
  readonly status: number;
  readonly faults: readonly FieldFault[];

  constructor(message: string, status: number, faults: readonly FieldFault[]) {
    super(message);
    this.name = 'PolicyRefused';
    this.status = status;
    this.faults = faults;
  }

  /** Somebody else has changed it since it was read. */
  get isConflict(): boolean {
    return this.status === 412;
  }
}

/** A policy in a list. Times are RFC 3339. */
export interface ListedPolicy {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly level: string;
  readonly enabled: boolean;
  readonly metrics: readonly string[];
  readonly origin: 'files' | 'api' | 'kubernetes';
  readonly source: string;
  readonly isWritable: boolean;
  readonly isInForce: boolean;
  readonly problems: readonly FieldFault[];
  readonly version?: number;
  readonly updatedAt?: string;
  readonly author?: string;
  readonly severity?: Severity;
  readonly state?: {
    readonly health: 'ok' | 'err' | 'unknown';
    readonly error: string;
    readonly objects: number;
    readonly pending: number;
    readonly firing: number;
    readonly noData: number;
    readonly lastEvaluation: string | null;
  };
}

/** One policy with what it says. */
export interface KnownPolicy extends ListedPolicy {
  readonly policy: PolicyDraft;
  /** Of the version; undefined when it cannot be changed here. */
  readonly etag: string | undefined;
}

/** A time in which an object would have fired. Times are RFC 3339; `endsAt` is null while it still does. */
export interface PreviewEpisode {
  readonly object: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string | null;
  readonly severity: Severity;
  readonly value: number | string | null;
  readonly endValue: number | string | null;
  readonly condition: number;
  readonly isNoData: boolean;
}

/** What a policy would have done. */
export interface Preview {
  readonly from: string;
  readonly to: string;
  readonly objects: number;
  readonly periods: number;
  readonly isTruncated: boolean;
  readonly firing: number;
  readonly fired: number;
  readonly episodes: readonly PreviewEpisode[];
}

/** Rejects with a PolicyRefused. */
export async function readPolicy(id: string, signal?: AbortSignal): Promise<KnownPolicy> {
  const { data, etag } = await ask<Omit<KnownPolicy, 'etag'>>(pathOf(id), { ...(signal !== undefined && { signal }) });
  return { ...data, etag };
}

/** Adds a policy; gives it with its id. Rejects with a PolicyRefused. */
export async function createPolicy(policy: PolicyDraft, author: string): Promise<KnownPolicy> {
  const { data, etag } = await ask<Omit<KnownPolicy, 'etag'>>('/api/v1/policies', {
    method: 'POST',
    body: policy,
    headers: authorHeader(author),
  });
  return { ...data, etag };
}

/** Replaces the version that was seen. Rejects with a PolicyRefused, a conflict when there is a newer one. */
export async function updatePolicy(
  id: string,
  policy: PolicyDraft,
  { etag, author }: { readonly etag: string; readonly author: string },
): Promise<KnownPolicy> {
  const answer = await ask<Omit<KnownPolicy, 'etag'>>(pathOf(id), {
    method: 'PUT',
    body: policy,
    headers: { 'If-Match': etag, ...authorHeader(author) },
  });
  return { ...answer.data, etag: answer.etag };
}

/** Deletes the version that was seen. */
export async function deletePolicy(id: string, { etag, author }: { etag: string; author: string }): Promise<void> {
  await ask(pathOf(id), { method: 'DELETE', headers: { 'If-Match': etag, ...authorHeader(author) } });
}

/** What the policy would have done in the last days, without it being there. */
export async function previewPolicy(policy: PolicyDraft, days: number, signal: AbortSignal): Promise<Preview> {
  const { data } = await ask<Preview>(`/api/v1/policies/preview?days=${days}`, {
    method: 'POST',
    body: policy,
    signal,
  });
  return data;
}

/** A policy as the YAML documents that files and Kubernetes have. */
export interface PolicyYaml {
  readonly file: string;
  readonly resource: string;
}

/** Rejects with a PolicyRefused when the draft is wrong. */
export async function policyYaml(policy: PolicyDraft): Promise<PolicyYaml> {
  return (await ask<PolicyYaml>('/api/v1/policies/convert', { method: 'POST', body: policy })).data;
}

/** What a YAML document of either kind says. Rejects with a PolicyRefused that says by line what is wrong. */
export async function policyOfYaml(yaml: string): Promise<PolicyDraft> {
  const { data } = await ask<{ readonly policy: PolicyDraft }>('/api/v1/policies/convert', {
    method: 'POST',
    body: { yaml },
  });
  return data.policy;
}

function pathOf(id: string): string {
  return `/api/v1/policies/${encodeURIComponent(id)}`;
}

function authorHeader(author: string): Readonly<Record<string, string>> {
  // Headers are bytes: what has none is written as in addresses.
  return author === ''
    ? {}
    : { 'X-Pharos-Author': /^[\x20-\x7e]*$/.test(author) ? author : encodeURIComponent(author) };
}

async function ask<T>(
  path: string,
  {
    method = 'GET',
    body,
    headers = {},
    signal,
  }: { method?: string; body?: unknown; headers?: Readonly<Record<string, string>>; signal?: AbortSignal } = {},
): Promise<{ readonly data: T; readonly etag: string | undefined }> {
  const timeout = AbortSignal.timeout(TIMEOUT);
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      headers: { ...headers, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new PolicyRefused(timeout.aborted ? 'The server did not answer.' : 'The server cannot be reached.', 0, []);
  }
  const answer = (await response.json().catch(() => ({}))) as {
    readonly data?: T;
    readonly error?: string;
    readonly errors?: readonly FieldFault[];
  };
  if (!response.ok || answer.data === undefined) {
    const message = answer.error ?? `The server answered ${response.status}.`;
    throw new PolicyRefused(message, response.status, answer.errors ?? []);
  }
  return { data: answer.data, etag: response.headers.get('ETag') ?? undefined };
}
