import { createHmac, randomBytes } from 'node:crypto';
import type { Clock } from '../../../clock/clock.ts';
import type { RequestUser } from '../access-control.ts';
import type { ApiCaller } from '../api-caller.ts';
import { ReviewCache } from './review-cache.ts';

export interface TokenReviewsOptions {
  readonly api: ApiCaller;
  readonly clock: Clock;
  /** For whom a token must have been made. Default: for the API server itself, which is what an aggregated server asks for. */
  readonly audiences?: readonly string[] | undefined;
}

/** Milliseconds. */
const ACCEPTED_FOR = 10_000;
const REFUSED_FOR = 2_000;
const TIMEOUT = 10_000;
/** Whoever connects can make up tokens: they must not keep the API server busy, nor fill the memory. */
const CONCURRENCY = 4;
const WAITING = 256;
const SIZE = 4_096;
const MAX_TOKEN = 16_384;

const PATH = '/apis/authentication.k8s.io/v1/tokenreviews';

interface TokenReview {
  readonly status?: {
    readonly authenticated?: boolean;
    readonly audiences?: readonly string[] | null;
    readonly user?: {
      readonly username?: string;
      readonly uid?: string;
      readonly groups?: readonly string[] | null;
      readonly extra?: Readonly<Record<string, readonly string[] | null>> | null;
    } | null;
  };
}

/** Whose a bearer token is, as the API server says. Tokens are remembered by a hash with a key of this process, never themselves. */
export class TokenReviews {
  readonly #options: TokenReviewsOptions;
  readonly #key = randomBytes(32);
  readonly #cache: ReviewCache<RequestUser | undefined>;

  constructor(options: TokenReviewsOptions) {
    this.#options = options;
    const { clock } = options;
    this.#cache = new ReviewCache({ clock, size: SIZE, concurrency: CONCURRENCY, waiting: WAITING, timeout: TIMEOUT });
  }

  /** Undefined when the token is not valid. Rejects when the API server does not say. */
  async userOf(token: string, signal: AbortSignal): Promise<RequestUser | undefined> {
    if (token.length > MAX_TOKEN) return undefined;
    const hash = createHmac('sha256', this.#key).update(token).digest('base64');
    return this.#cache.get(
      hash,
      async (limit) => {
        const answer = await this.#review(token, limit);
        return { answer, lifetime: answer === undefined ? REFUSED_FOR : ACCEPTED_FOR };
      },
      signal,
    );
  }

  async #review(token: string, signal: AbortSignal): Promise<RequestUser | undefined> {
    const { api, audiences = [] } = this.#options;
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token, ...(audiences.length > 0 && { audiences }) },
    };
    const { status } = (await api.send('POST', PATH, { body, signal })) as TokenReview;
    if (status === undefined) throw new Error('expected a TokenReview with a status, got none');
    const { authenticated, user } = status;
    if (authenticated !== true || user?.username === undefined || user.username === '') return undefined;
    // A server that does not know audiences says nothing of them.
    if (audiences.length > 0 && !(status.audiences ?? []).some((audience) => audiences.includes(audience)))
      return undefined;
    return {
      name: user.username,
      uid: user.uid || undefined,
      groups: user.groups ?? [],
      extra: new Map(Object.entries(user.extra ?? {}).map(([key, values]) => [key, values ?? []])),
    };
  }
}
