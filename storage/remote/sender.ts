import type { Logger } from 'pino';
import { StorageError } from '../errors.ts';
import { BacklogLimit } from './backlog-limit.ts';
import type { RemoteWriteMetrics } from './metrics.ts';
import type { SendOutcome, SendRequest } from './post-write-request.ts';
import type { RemoteOutbox } from './remote-outbox.ts';
import type { RemoteSegment, SegmentPart } from './remote-segment.ts';

export interface SenderOptions {
  readonly outbox: RemoteOutbox;
  /** The receiver's name, for metrics and the log. */
  readonly name: string;
  readonly send: SendRequest;
  /** Requests under way at a time. */
  readonly maxShards: number;
  /** Pauses after a failure, in milliseconds: the first one, and the longest. */
  readonly minBackoff: number;
  readonly maxBackoff: number;
  /** A segment is live for so long after it was written, then it is backlog; milliseconds. Default 10 s. */
  readonly liveAge?: number;
  readonly metrics: RemoteWriteMetrics;
  readonly logger: Logger | undefined;
}

/** A segment that keeps failing while others are taken is tried again this often at least. */
const LONGEST_SEGMENT_PAUSE = 60_000;

/** What of a segment is still to be sent. */
interface Progress {
  readonly segment: RemoteSegment;
  /** Numbers of parts. */
  readonly todo: number[];
  underWay: number;
  content: Promise<readonly SegmentPart[]> | undefined;
  failures: number;
  /** Not before, by a clock that never jumps, as all times of the sender but those of segments. */
  retryAt: number;
  isDamaged: boolean;
}

/**
 * Sends the segments of an outbox, the newest first: what is live, then the backlog backwards in time, so that a receiver knows
 * the present at once when a link is back. Several requests are under way at a time, begun in that order; the backlog gets only
 * what leaves live data undelayed (BacklogLimit).
 *
 * After a failure there is one request at a time, each after a growing pause, until one is taken. A segment leaves the outbox when
 * all its parts were taken or refused for good; cut off in between, all of it is sent again, which changes nothing at a
 * receiver that has some of it.
 */
export class Sender {
  readonly #options: SenderOptions;
  readonly #label: { readonly remote_name: string };
  readonly #progress = new Map<RemoteSegment, Progress>();
  readonly #limit: BacklogLimit;
  readonly #stop = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  #backlogUnderWay = 0;
  /** When a request with older data was last under way. */
  #lastBacklogAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #lastFailureAt = Number.NEGATIVE_INFINITY;
  #pausedUntil = 0;
  #lastRefusalLogAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;
  #onChange = new Set<() => void>();

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#label = { remote_name: options.name };
    this.#limit = new BacklogLimit(options.maxShards);
    options.metrics.shardsMax.set(this.#label, options.maxShards);
    options.outbox.onArrival = () => this.#pump();
    this.#pump();
  }

  /** Resolves when everything that is in the outbox now has left it; rejects with a StorageError after a failure or a signal. */
  async drained(signal: AbortSignal): Promise<void> {
    const waiting = new Set(this.#options.outbox.segments);
    const failures = this.#failures;
    this.#pausedUntil = 0;
    this.#pump();
    const present = () => this.#options.outbox.segments.some((segment) => waiting.has(segment));
    while (present()) {
      if (signal.aborted) throw new StorageError('canceled', 'the flush was canceled', { cause: signal.reason });
      if (this.#stopping) throw new StorageError('canceled', 'the storage is closed');
      if (this.#failures > failures)
        throw new StorageError('unavailable', 'the receiver of remote write does not answer');
      await this.#change(signal);
    }
  }

  /** Begins nothing new, and lets what is under way end within so many milliseconds. */
  async stop(timeout: number): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const timer = setTimeout(() => this.#stop.abort(new Error('the sender was stopped')), timeout);
    await Promise.all(this.#underWay);
    clearTimeout(timer);
    this.#announce();
  }

  /** Begins as many requests as may be. */
  #pump(): void {
    clearTimeout(this.#timer);
    const now = performance.now();
    const { maxShards, metrics } = this.#options;
    const shards = this.#failures > 0 ? 1 : maxShards;
    metrics.shards.set(this.#label, shards);
    metrics.backlogShards.set(this.#label, this.#limit.at(now));
    if (this.#stopping) return;
    if (now < this.#pausedUntil) {
      this.#wake(this.#pausedUntil - now);
      return;
    }
    while (this.#underWay.size < shards) {
      const next = this.#next(now);
      if (typeof next === 'number') {
        if (next < Number.POSITIVE_INFINITY) this.#wake(next - now);
        return;
      }
      this.#begin(next, now);
    }
  }

  #wake(wait: number): void {
    this.#timer = setTimeout(() => this.#pump(), Math.max(1, wait));
  }

  /** The newest segment of which something may be sent now; or when to look again. */
  #next(now: number): Progress | number {
    const { segments } = this.#options.outbox;
    let again = Number.POSITIVE_INFINITY;
    for (let i = segments.length - 1; i >= 0; i--) {
      const segment = segments[i]!;
      const progress = this.#progress.get(segment);
      if (progress !== undefined && progress.todo.length === 0) continue;
      if (progress !== undefined && progress.retryAt > now) {
        again = Math.min(again, progress.retryAt);
        continue;
      }
      const isFree = this.#isLive(segment) || this.#backlogUnderWay < this.#limit.at(now);
      return isFree ? (progress ?? this.#track(segment)) : Math.min(again, now + 1000);
    }
    return again;
  }

  #isLive(segment: RemoteSegment): boolean {
    return Date.now() - segment.writtenAt < (this.#options.liveAge ?? 10_000);
  }

  #track(segment: RemoteSegment): Progress {
    const todo = Array.from({ length: segment.parts }, (_, part) => part);
    const progress = { segment, todo, underWay: 0, content: undefined, failures: 0, retryAt: 0, isDamaged: false };
    this.#progress.set(segment, progress);
    return progress;
  }

  #begin(progress: Progress, now: number): void {
    const part = progress.todo.shift()!;
    const live = this.#isLive(progress.segment);
    progress.underWay++;
    if (!live) this.#backlogUnderWay++;
    const sending = this.#send(progress, part, { live, begunAt: now }).finally(() => {
      this.#underWay.delete(sending);
      this.#pump();
      this.#announce();
    });
    this.#underWay.add(sending);
  }

  /** Never rejects. */
  async #send(progress: Progress, part: number, { live, begunAt }: Begun): Promise<void> {
    let outcome: SendOutcome | undefined;
    let content: SegmentPart | undefined;
    let isDamaged = false;
    try {
      progress.content ??= this.#options.outbox.read(progress.segment);
      content = (await progress.content)[part];
      outcome = await this.#options.send(content!.body, this.#stop.signal);
    } catch (error) {
      isDamaged = error instanceof StorageError && error.kind === 'bad_data';
      if (!isDamaged && !this.#stop.signal.aborted) {
        this.#options.logger?.error({ err: error, ...this.#label }, 'a segment of the outbox could not be sent');
      }
    }
    if (!live) {
      this.#backlogUnderWay--;
      this.#lastBacklogAt = performance.now();
    }
    if (isDamaged) {
      await this.#putAside(progress);
    } else if (content === undefined || outcome === undefined) {
      this.#again(progress, part, performance.now() + LONGEST_SEGMENT_PAUSE);
    } else if (outcome.kind === 'failed') {
      this.#again(progress, part, this.#failed(progress, outcome, { begunAt, samples: content.samples }));
    } else {
      this.#answered(outcome.kind);
      if (outcome.kind === 'delivered') this.#delivered(progress.segment, content, { live, begunAt });
      else if (!(await this.#refused(progress.segment, content, outcome.reason))) {
        this.#again(progress, part, performance.now() + LONGEST_SEGMENT_PAUSE);
      }
    }
    progress.underWay--;
    if (progress.todo.length === 0 && progress.underWay === 0 && !progress.isDamaged) await this.#done(progress);
  }

  #again(progress: Progress, part: number, retryAt: number): void {
    progress.todo.unshift(part);
    progress.content = undefined;
    progress.retryAt = Math.max(progress.retryAt, retryAt);
  }

  async #done(progress: Progress): Promise<void> {
    try {
      await this.#options.outbox.done(progress.segment);
      this.#progress.delete(progress.segment);
    } catch (error) {
      // Sent again after a restart, which does no harm.
      this.#options.logger?.error({ err: error, ...this.#label }, 'the outbox of remote write cannot be changed');
    }
  }

  #answered(outcome: SendOutcome['kind']): void {
    this.#options.metrics.sends.inc({ ...this.#label, outcome });
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.#pausedUntil = 0;
    const { segments } = this.#options.outbox;
    this.#options.logger?.info(
      { ...this.#label, segments: segments.length },
      'the receiver of remote write answers again',
    );
  }

  #delivered(segment: RemoteSegment, part: SegmentPart, { live, begunAt }: Begun): void {
    const { metrics } = this.#options;
    const now = performance.now();
    metrics.sent.inc(this.#label, part.samples);
    metrics.sentBytes.inc(this.#label, part.body.length);
    if (!live) {
      this.#limit.backlogDelivered(now);
      return;
    }
    const delay = Math.max(0, Date.now() - segment.writtenAt);
    metrics.liveDelay.observe(this.#label, delay / 1000);
    const alone = this.#backlogUnderWay === 0 && this.#lastBacklogAt < begunAt;
    this.#limit.liveDelivered(delay, { now, alone });
  }

  /** False when the disk does not let it be put aside: then it is sent again like any other. */
  async #refused(segment: RemoteSegment, part: SegmentPart, reason: string): Promise<boolean> {
    const { metrics, logger, outbox } = this.#options;
    const now = performance.now();
    if (now - this.#lastRefusalLogAt >= REFUSAL_LOG_INTERVAL) {
      this.#lastRefusalLogAt = now;
      logger?.error(
        { ...this.#label, samples: part.samples, reason },
        'the receiver of remote write refused a request for good; it is put aside',
      );
    }
    try {
      await outbox.quarantine(segment, part);
    } catch (error) {
      logger?.error({ err: error, ...this.#label }, 'the outbox of remote write cannot be changed');
      return false;
    }
    metrics.failed.inc(this.#label, part.samples);
    return true;
  }

  /** Gives when the segment may be tried again. */
  #failed(
    progress: Progress,
    outcome: SendOutcome & { readonly kind: 'failed' },
    { begunAt, samples }: { readonly begunAt: number; readonly samples: number },
  ): number {
    const { metrics, logger, minBackoff, maxBackoff } = this.#options;
    const now = performance.now();
    metrics.sends.inc({ ...this.#label, outcome: 'failed' });
    metrics.retried.inc(this.#label, samples);
    this.#limit.failed();
    if (progress.retryAt <= now) progress.failures++;
    if (this.#failures === 0) {
      logger?.warn(
        { ...this.#label, reason: outcome.reason },
        'the receiver of remote write does not take a request; the outbox keeps the samples',
      );
    }
    // Requests that were under way together fail together, and count as one failure.
    if (begunAt >= this.#lastFailureAt || this.#failures === 0) this.#failures++;
    this.#lastFailureAt = now;
    const wait = Math.max(outcome.retryAfter, pause(minBackoff, this.#failures, maxBackoff));
    this.#pausedUntil = Math.max(this.#pausedUntil, now + wait);
    return now + pause(minBackoff, progress.failures, Math.max(maxBackoff, LONGEST_SEGMENT_PAUSE));
  }

  async #putAside(progress: Progress): Promise<void> {
    const { metrics, logger, outbox } = this.#options;
    const { segment } = progress;
    // Of several parts under way, the first to find it damaged does it.
    if (progress.isDamaged) return;
    progress.isDamaged = true;
    progress.todo.length = 0;
    metrics.failed.inc(this.#label, segment.samples);
    logger?.error({ ...this.#label, samples: segment.samples }, 'a segment of the outbox is damaged and was put aside');
    try {
      await outbox.quarantineFile(segment);
      this.#progress.delete(segment);
    } catch (error) {
      logger?.error({ err: error, ...this.#label }, 'the outbox of remote write cannot be changed');
    }
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#onChange.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#onChange.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  #announce(): void {
    for (const wake of [...this.#onChange]) wake();
  }
}

interface Begun {
  readonly live: boolean;
  readonly begunAt: number;
}

const REFUSAL_LOG_INTERVAL = 10_000;

/** Half of a pause is random, so that many senders do not come back at the same moment. */
function pause(first: number, failures: number, longest: number): number {
  const whole = Math.min(first * 2 ** Math.min(failures - 1, 20), longest);
  return whole * (0.5 + Math.random() / 2);
}
