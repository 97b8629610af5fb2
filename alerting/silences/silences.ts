import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { Counter, Gauge, type Registry } from 'prom-client';
import { type Clock, wait } from '../../clock/clock.ts';
import type { DocumentLog, DocumentVersion } from '../../storage/document-log.ts';
import { StorageError } from '../../storage/errors.ts';
import type { Labels } from '../../storage/labels.ts';
import { withDeadline } from '../deadline.ts';
import { type Silence, type SilenceState, silenceState } from './silence.ts';
import { decodeSilence, encodeSilence, SILENCE_KIND } from './silence-document.ts';
import { SilenceError } from './silence-error.ts';
import { SilenceIndex } from './silence-index.ts';
import { checkWantedSilence, type WantedSilence } from './wanted-silence.ts';

/** Durations are milliseconds. */
export interface SilencesOptions {
  readonly log: DocumentLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly registry: Registry;
  /** Silences at a time, those that have expired included until they are forgotten. Default: 10,000. */
  readonly maxSilences?: number;
  /** Bytes of one silence. Default: 64 KiB. */
  readonly maxSize?: number;
  /** For how long one that has expired is shown. Default: 120 h. */
  readonly retention?: number;
  /** How soon what other instances wrote is seen. Default: 2 s. */
  readonly pollInterval?: number;
  /** Of one call of the log. Default: 10 s. */
  readonly timeout?: number;
  /** Alerts of which it is remembered who silences them. Default: 50,000. */
  readonly maxRemembered?: number;
}

const HOUR = 3_600_000;
/** How often a change is tried again that others were faster with. */
const ATTEMPTS = 5;
const MAX_WRITING = 200;
/** How soon, at the latest, they are read again after that failed. */
const RETRY = 2_000;
/** Silences that are forgotten in one go. */
const MAX_FORGOTTEN = 100;
/** Of the time, at most the reciprocal of this is spent on looking for what others wrote. */
const POLL_SHARE = 20;
const NOBODY: readonly string[] = [];

interface Entry {
  readonly silence: Silence;
  readonly version: number;
  /** When in the order of all changes of the set in memory it came. */
  readonly change: number;
}

/**
 * The set of silences, with Alertmanager's semantics. It is kept in a DocumentLog: a change is durable there before it is answered,
 * every version of a silence stays there as its history, and instances that share the log see each other's changes within seconds. While
 * the log cannot be read, what was read last holds.
 */
export class Silences {
  readonly #options: SilencesOptions;
  readonly #entries = new Map<string, Entry>();
  /** Those that have not expired. */
  readonly #index: SilenceIndex;
  readonly #failures: Counter;
  readonly #ending = new AbortController();
  #polling: Promise<void> = Promise.resolve();
  #changes = 0;
  #writing = 0;
  #hasFailed = false;
  #isRead = false;
  readonly #unreadable = new Set<string>();

  constructor(options: SilencesOptions) {
    this.#options = options;
    this.#index = new SilenceIndex(options.maxRemembered ?? 50_000);
    this.#failures = new Counter({
      name: 'pharos_silences_read_failures_total',
      help: 'How often the silences could not be read from the store.',
      registers: [options.registry],
    });
    const gauge = new Gauge({
      name: 'pharos_silences',
      help: 'Silences by state.',
      labelNames: ['state'],
      registers: [options.registry],
      collect: () => {
        const counts: Record<SilenceState, number> = { active: 0, pending: 0, expired: 0 };
        for (const silence of this.list()) counts[silenceState(silence, options.clock.now())]++;
        for (const [state, count] of Object.entries(counts)) gauge.set({ state }, count);
      },
    });
  }

  /** Reads the silences, and goes on to look for what others change. Resolves after the first read, even if that failed. */
  async start(): Promise<void> {
    await this.#poll();
    this.#polling = this.#keepPolling();
  }

  /** Whether they have been read since the start; until then nobody knows what is silenced, and nothing should be told. */
  get isRead(): boolean {
    return this.#isRead;
  }

  async stop(): Promise<void> {
    this.#ending.abort(new Error('the silences were stopped'));
    await this.#polling;
  }

  /** All silences, without those that expired longer ago than the retention; in no order. */
  list(): readonly Silence[] {
    const now = this.#options.clock.now();
    const silences = Array.from(this.#entries.values(), ({ silence }) => silence);
    return silences.filter((silence) => !this.#isOver(silence, now));
  }

  get(id: string): Silence | undefined {
    const silence = this.#entries.get(id)?.silence;
    return silence === undefined || this.#isOver(silence, this.#options.clock.now()) ? undefined : silence;
  }

  /** The ids, in order, of the silences that mute an alert with these labels; at the time now unless another one is given. */
  silencedBy(labels: Labels, at: number = this.#options.clock.now()): readonly string[] {
    const matching = this.#index.matching(labels);
    if (matching.length === 0) return NOBODY;
    return matching
      .filter((silence) => silenceState(silence, at) === 'active')
      .map(({ id }) => id)
      .sort();
  }

  /**
   * Adds a silence, or changes the one whose id is given. Where that would change what was muted in the past, the old one expires and
   * a new one takes its place, so the answer's id counts. Resolves when it is durable; rejects with a SilenceError.
   */
  async set(wanted: WantedSilence): Promise<Silence> {
    const now = this.#options.clock.now();
    const silence = checkWantedSilence(wanted, now);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const before = wanted.id === '' ? undefined : await this.#known(wanted.id);
      if (before === undefined || !canBecome(before.silence, silence, now)) {
        return await this.#replace(before?.silence, {
          ...silence,
          id: randomUUID(),
          startsAt: Math.max(silence.startsAt, now),
        });
      }
      if (await this.#write(silence, before.version + 1, silence.createdBy)) return silence;
      await this.#refresh();
    }
    throw conflict(wanted.id);
  }

  /** Ends a silence now; one that has expired stays as it is. Resolves when it is durable; rejects with a SilenceError. */
  async expire(id: string): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { silence, version } = await this.#known(id);
      const now = this.#options.clock.now();
      const state = silenceState(silence, now);
      if (state === 'expired') return;
      const startsAt = state === 'pending' ? now : silence.startsAt;
      if (await this.#write({ ...silence, startsAt, endsAt: now, updatedAt: now }, version + 1, '')) return;
      await this.#refresh();
    }
    throw conflict(id);
  }

  /** The new one first: in between, both mute, and no alert is told because of a change of its silence. */
  async #replace(old: Silence | undefined, silence: Silence): Promise<Silence> {
    const limit = this.#options.maxSilences ?? 10_000;
    if (this.#entries.size + this.#writing >= limit) {
      throw new SilenceError('invalid', `exceeded maximum number of silences: ${this.#entries.size} (limit: ${limit})`);
    }
    if (!(await this.#write(silence, 1, silence.createdBy))) throw conflict(silence.id);
    if (old !== undefined && silenceState(old, silence.updatedAt) !== 'expired') await this.expire(old.id);
    return silence;
  }

  /** The silence of an id, which another instance may have added just now. */
  async #known(id: string): Promise<Entry> {
    if (this.get(id) === undefined) await this.#refresh();
    const entry = this.get(id) === undefined ? undefined : this.#entries.get(id);
    if (entry === undefined) throw new SilenceError('not_found', 'silence not found');
    return entry;
  }

  /** False when another instance was faster. */
  async #write(silence: Silence, version: number, author: string): Promise<boolean> {
    const body = encodeSilence(silence);
    const limit = this.#options.maxSize ?? 65_536;
    const size = Buffer.byteLength(body);
    if (size > limit) {
      throw new SilenceError('invalid', `silence exceeded maximum size: ${size} bytes (limit: ${limit} bytes)`);
    }
    if (this.#writing >= MAX_WRITING) {
      throw new SilenceError('unavailable', `${MAX_WRITING} silences are being changed already; try again`);
    }
    this.#writing++;
    try {
      const document = { kind: SILENCE_KIND, id: silence.id, version, timestamp: silence.updatedAt, author, body };
      const isWritten = await this.#within(() => this.#options.log.append({ ...document, isDeleted: false }));
      if (isWritten) this.#apply(silence, version);
      return isWritten;
    } finally {
      this.#writing--;
    }
  }

  async #refresh(): Promise<void> {
    const since = this.#changes;
    const documents = await this.#within((signal) => this.#options.log.latest(SILENCE_KIND, signal));
    const ids = new Set<string>();
    for (const document of documents) {
      ids.add(document.id);
      if (document.version <= (this.#entries.get(document.id)?.version ?? 0)) continue;
      const silence = this.#decoded(document);
      if (silence !== undefined) this.#apply(silence, document.version);
    }
    for (const [id, { change }] of this.#entries) if (change <= since && !ids.has(id)) this.#forget(id);
    this.#isRead = true;
  }

  /** A call of the log with a deadline; rejects with a SilenceError where asking again may help. */
  async #within<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const timeout = this.#options.timeout ?? 10_000;
    const message = `the store did not answer within ${timeout / 1000} s`;
    try {
      return await withDeadline(call, { signal: this.#ending.signal, timeout, message });
    } catch (error) {
      if (error instanceof StorageError && !error.retryable && error.kind !== 'canceled') throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new SilenceError('unavailable', `the silences cannot be reached: ${reason}`, { cause: error });
    }
  }

  #decoded({ id, version, body }: DocumentVersion): Silence | undefined {
    try {
      return decodeSilence(body);
    } catch (error) {
      const key = `${id} ${version}`;
      if (!this.#unreadable.has(key) && this.#unreadable.size < 1000) {
        this.#unreadable.add(key);
        this.#options.logger.error(
          { err: error, silence: id, version },
          'a silence in the store cannot be read; it does not count',
        );
      }
      return undefined;
    }
  }

  #apply(silence: Silence, version: number): void {
    if (version <= (this.#entries.get(silence.id)?.version ?? 0)) return;
    this.#entries.set(silence.id, { silence, version, change: ++this.#changes });
    if (silenceState(silence, this.#options.clock.now()) === 'expired') this.#index.delete(silence.id);
    else this.#index.set(silence);
  }

  #forget(id: string): void {
    this.#entries.delete(id);
    this.#index.delete(id);
  }

  #isOver({ endsAt }: Silence, now: number): boolean {
    return now >= endsAt + (this.#options.retention ?? 120 * HOUR);
  }

  async #keepPolling(): Promise<void> {
    const { clock, pollInterval = 2_000 } = this.#options;
    const { signal } = this.#ending;
    let took = 0;
    for (;;) {
      const interval = this.#hasFailed ? Math.min(pollInterval, RETRY) : pollInterval;
      await wait(clock, Math.max(interval, took * POLL_SHARE), signal);
      if (signal.aborted) return;
      const start = clock.elapsed();
      await this.#poll();
      took = clock.elapsed() - start;
    }
  }

  /** Never rejects. */
  async #poll(): Promise<void> {
    const { logger } = this.#options;
    try {
      await this.#refresh();
      if (this.#hasFailed) logger.info('the silences can be read again');
      this.#hasFailed = false;
      await this.#clear();
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      this.#failures.inc();
      if (!this.#hasFailed) logger.error({ err: error }, 'the silences cannot be read; those that were read last hold');
      this.#hasFailed = true;
    }
  }

  /** Leaves what has expired out of the index, and what expired long ago out of the set. */
  async #clear(): Promise<void> {
    const now = this.#options.clock.now();
    let forgotten = 0;
    for (const [id, { silence, version }] of this.#entries) {
      if (now < silence.endsAt) continue;
      this.#index.delete(id);
      if (!this.#isOver(silence, now) || forgotten++ >= MAX_FORGOTTEN) continue;
      const document = {
        kind: SILENCE_KIND,
        id,
        version: version + 1,
        timestamp: now,
        author: '',
        body: '',
        isDeleted: true,
      };
      // When another instance was faster, the next read tells.
      if (await this.#within(() => this.#options.log.append(document))) this.#forget(id);
    }
  }
}

/** Whether a silence can become another one without a change of what was muted until `now`. */
function canBecome(before: Silence, after: Silence, now: number): boolean {
  const key = ({ matchers }: Silence) => JSON.stringify(matchers.map(({ name, op, value }) => [name, op, value]));
  if (key(before) !== key(after)) return false;
  const seconds = (time: number) => Math.floor(time / 1000);
  const state = silenceState(before, now);
  switch (state) {
    case 'active':
      return seconds(before.startsAt) === seconds(after.startsAt) && after.endsAt >= now;
    case 'pending':
      return after.startsAt >= now;
    case 'expired':
      return false;
    default:
      return state satisfies never;
  }
}

function conflict(id: string): SilenceError {
  return new SilenceError('conflict', `silence ${id} is being changed by others; try again`);
}
