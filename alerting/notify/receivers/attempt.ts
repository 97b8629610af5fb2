import type { Logger } from 'pino';
import type { Clock } from '../../../clock/clock.ts';
import { type HttpAnswer, HttpClientError, type HttpRequest } from '../http-client.ts';
import type { Notification, Outcome } from '../integration.ts';
import { retryAfter } from '../retry-pause.ts';
import { SecretUnreadable } from '../secret-source.ts';
import type { Rendering } from './rendering.ts';

/** What an integration has for one attempt to tell something. */
export interface Attempt {
  readonly notification: Notification;
  readonly render: Rendering;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Fires when the attempt's time is over, or nobody wants it any more. */
  readonly signal: AbortSignal;
  /** Rejects as HttpClient does; `guarded` turns that into an outcome. */
  send(request: HttpRequest): Promise<HttpAnswer>;
}

export interface AttemptLimits {
  readonly clock: Clock;
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/** Runs one attempt; what it rejects with becomes an outcome, and so does the end of its time. */
export async function guarded(
  run: (signal: AbortSignal) => Promise<Outcome>,
  { clock, timeout, signal }: AttemptLimits,
): Promise<Outcome> {
  const controller = new AbortController();
  const late: Outcome = { kind: 'failed', reason: `no answer within ${timeout} ms`, retryAfter: 0 };
  return new Promise<Outcome>((resolve) => {
    const settle = (outcome: Outcome): void => {
      cancel();
      signal.removeEventListener('abort', onAbort);
      resolve(outcome);
    };
    const give = (outcome: Outcome): void => {
      settle(outcome);
      controller.abort(new Error('the attempt is over'));
    };
    const onAbort = (): void => give({ kind: 'failed', reason: 'it was interrupted', retryAfter: 0 });
    const cancel = clock.schedule(timeout, () => give(late));
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    run(controller.signal).then(settle, (error: unknown) => settle(outcomeOfError(error)));
  });
}

/** A failure by the errors that reading secrets and making requests have; a message is shown only where it may be. */
function outcomeOfError(error: unknown): Outcome {
  if (error instanceof HttpClientError) {
    return error.isFinal
      ? { kind: 'refused', reason: error.message }
      : { kind: 'failed', reason: error.message, retryAfter: 0 };
  }
  if (error instanceof SecretUnreadable) return { kind: 'failed', reason: error.message, retryAfter: 0 };
  return { kind: 'failed', reason: `the request failed: ${codeOf(error)}`, retryAfter: 0 };
}

function codeOf(error: unknown): string {
  const { code, cause } = (error ?? {}) as { readonly code?: unknown; readonly cause?: unknown };
  if (typeof code === 'string') return code;
  return cause === undefined || cause === error ? 'error' : codeOf(cause);
}

const MAX_EXCERPT = 200;

/**
 * What an answer's status says: 2xx is delivered, 429 and 5xx (and `alsoRetried`) may be tried again, everything else is final. The
 * beginning of the body is part of the reason, without `secrets`.
 */
export function outcomeOfAnswer(answer: HttpAnswer, { clock, secrets, alsoRetried = [] }: OutcomeOptions): Outcome {
  const { status } = answer;
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  const detail = excerpt(answer.body, secrets);
  const redirected = status >= 300 && status < 400 ? '; redirects are not followed' : '';
  const reason = `status ${status}${redirected}${detail === '' ? '' : `: ${detail}`}`;
  if (status === 429 || status >= 500 || alsoRetried.includes(status)) {
    return { kind: 'failed', reason, retryAfter: retryAfter(answer.headers['retry-after'], clock.now()) };
  }
  return { kind: 'refused', reason };
}

export interface OutcomeOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** What the request held that must not be shown, should the answer repeat it. */
  readonly secrets: readonly string[];
  readonly alsoRetried?: readonly number[];
}

/** The beginning of what a server says, on one line and without the secrets. */
export function excerpt(body: string, secrets: readonly string[]): string {
  let text = body;
  // Before it is cut: half a secret would not be found.
  for (const secret of secrets.flatMap(piecesOf)) text = text.replaceAll(secret, '<secret>');
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length <= MAX_EXCERPT ? line : `${line.slice(0, MAX_EXCERPT)}…`;
}

/** In the paths of well-known services; without these, reasons could not be read. */
const WORDS =
  /^(?:webhook|webhooks|services|workflows|open-apis|cgi-bin|incoming|message|messages|sendMessage|alerts)$/;

/** The secret, and of a URL the parts that may be tokens; the longest first. */
function piecesOf(secret: string): readonly string[] {
  const pieces = new Set([secret]);
  if (URL.canParse(secret)) {
    const { pathname, search, searchParams, username, password } = new URL(secret);
    for (const piece of [pathname + search, ...pathname.split('/'), ...searchParams.values(), username, password]) {
      pieces.add(piece);
      if (/%[0-9a-f]{2}/i.test(piece)) pieces.add(unescaped(piece));
    }
  }
  return [...pieces].filter((piece) => piece.length >= 6 && !WORDS.test(piece)).sort((a, b) => b.length - a.length);
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
