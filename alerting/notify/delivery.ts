import { type Dispatcher, request } from 'undici';
import { type Clock, wait } from '../../clock/clock.ts';
import { withDeadline } from '../deadline.ts';
import type { Outcome } from './integration.ts';
import { jittered, retryAfter } from './retry-pause.ts';

/** One attempt to post JSON. */
interface PostAttempt {
  /** Never appears in an error or a log. */
  readonly url: () => Promise<string>;
  readonly headers: () => Promise<Record<string, string>>;
  /** The connections to use, asked for after `headers`; undici's own when undefined. */
  readonly dispatcher?: Dispatcher | undefined;
  readonly body: string;
  readonly timeout: number;
  readonly clock: Clock;
  /** Cuts it. */
  readonly signal: AbortSignal;
}

export interface Post extends PostAttempt {
  /** No attempt begins later than this long after the first. */
  readonly retryFor: number;
  /** The first pause; each next one is twice as long, up to a minute. */
  readonly firstPause: number;
  /** Asked before each attempt: false ends it. */
  readonly maySend: () => boolean;
  /** No attempt begins after it fires. */
  readonly stopping: AbortSignal;
  readonly onAttempt: (outcome: Outcome['kind']) => void;
}

const LONGEST_PAUSE = 60_000;

/**
 * Posts JSON until it is accepted. 5xx, 429 and everything that goes wrong on the way is tried again; any other answer
 * is final. Resolves with undefined, or with why it was given up and whether a later try may help.
 */
export async function deliver(post: Post): Promise<{ readonly reason: string; readonly final: boolean } | undefined> {
  const { clock, stopping } = post;
  const start = clock.elapsed();
  for (let pause = post.firstPause; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    if (!post.maySend()) return { reason: 'it may not be sent any more', final: true };
    const outcome = await attemptPost(post);
    post.onAttempt(outcome.kind);
    if (outcome.kind === 'delivered') return undefined;
    if (outcome.kind === 'refused') return { reason: outcome.reason, final: true };
    const rest = Math.max(outcome.retryAfter, jittered(pause));
    const isOver = stopping.aborted || clock.elapsed() - start + rest > post.retryFor;
    if (!isOver) await wait(clock, rest, stopping);
    if (isOver || stopping.aborted) return { reason: outcome.reason, final: false };
  }
}

/** Posts once. 5xx, 429 and everything that goes wrong on the way may be tried again; any other answer is final. */
async function attemptPost(post: PostAttempt): Promise<Outcome> {
  const failed = (reason: string, retryAfter = 0): Outcome => ({ kind: 'failed', reason, retryAfter });
  const late = `no answer within ${post.timeout} ms`;
  try {
    return await withDeadline(
      async (signal) => {
        const { statusCode, headers, body } = await request(await post.url(), {
          method: 'POST',
          headers: { ...(await post.headers()), 'content-type': 'application/json', 'user-agent': 'pharos' },
          body: post.body,
          ...(post.dispatcher === undefined ? {} : { dispatcher: post.dispatcher }),
          signal,
        });
        // The status decides; what follows is read only so that the connection can be used again.
        await body.dump({ limit: 64 * 1024, signal }).catch(() => {});
        if (statusCode >= 200 && statusCode < 300) return { kind: 'delivered' };
        if (statusCode < 500 && statusCode !== 429) return { kind: 'refused', reason: `status ${statusCode}` };
        return failed(`status ${statusCode}`, retryAfter([headers['retry-after']].flat()[0], post.clock.now()));
      },
      { signal: post.signal, timeout: post.timeout, message: late },
    );
  } catch (error) {
    if (error instanceof Error && error.message === late) return failed(late);
    // The message of an error may quote the URL, which may hold a secret; its code does not.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
    return failed(`the request failed: ${code}`);
  }
}
