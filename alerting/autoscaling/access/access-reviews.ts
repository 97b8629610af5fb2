import { createHash } from 'node:crypto';
import type { Clock } from '../../../clock/clock.ts';
import type { Action, RequestUser } from '../access-control.ts';
import type { ApiCaller } from '../api-caller.ts';
import { ReviewCache } from './review-cache.ts';

export interface AccessReviewsOptions {
  readonly api: ApiCaller;
  readonly clock: Clock;
}

/** What the API server says to an action. */
export interface Verdict {
  readonly allowed: boolean;
  /** Why not; often ''. */
  readonly reason: string;
}

/** Milliseconds. */
const LIFETIME = 10_000;
const TIMEOUT = 10_000;
const CONCURRENCY = 16;
const WAITING = 1_000;
const SIZE = 8_192;

const PATH = '/apis/authorization.k8s.io/v1/subjectaccessreviews';

/** Whether a user may do something, as the API server says. */
export class AccessReviews {
  readonly #api: ApiCaller;
  readonly #cache: ReviewCache<Verdict>;

  constructor({ api, clock }: AccessReviewsOptions) {
    this.#api = api;
    this.#cache = new ReviewCache({ clock, size: SIZE, concurrency: CONCURRENCY, waiting: WAITING, timeout: TIMEOUT });
  }

  /** Rejects when the API server does not say. */
  async review(user: RequestUser, action: Action, signal: AbortSignal): Promise<Verdict> {
    const spec = specOf(user, action);
    const key = createHash('sha256').update(JSON.stringify(spec)).digest('base64');
    const ask = async (limit: AbortSignal) => ({ answer: await this.#ask(spec, limit), lifetime: LIFETIME });
    return this.#cache.get(key, ask, signal);
  }

  async #ask(spec: object, signal: AbortSignal): Promise<Verdict> {
    const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec };
    const { status } = (await this.#api.send('POST', PATH, { body, signal })) as {
      readonly status?: { readonly allowed?: boolean; readonly denied?: boolean; readonly reason?: string };
    };
    if (typeof status?.allowed !== 'boolean')
      throw new Error('expected a SubjectAccessReview with a verdict, got none');
    return { allowed: status.allowed && status.denied !== true, reason: status.reason ?? '' };
  }
}

function specOf({ name, uid, groups, extra }: RequestUser, action: Action): object {
  const sorted = [...extra].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    ...attributesOf(action),
    user: name,
    groups,
    ...(sorted.length > 0 && { extra: Object.fromEntries(sorted) }),
    ...(uid !== undefined && { uid }),
  };
}

function attributesOf(action: Action): object {
  if ('path' in action) return { nonResourceAttributes: { path: action.path, verb: action.verb } };
  const { verb, group, version, resource, subresource, namespace, name } = action;
  return { resourceAttributes: { namespace, verb, group, version, resource, subresource, name } };
}
