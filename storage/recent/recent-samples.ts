import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { METRIC_NAME } from '../labels.ts';
import type { Deletion, Storage } from '../storage.ts';
import { createRecentMetrics, type RecentMetrics } from './metrics.ts';
import { readInto } from './read-into.ts';
import { RecentAppender } from './recent-appender.ts';
import { BYTES_PER_SERIES, RecentMetric, type RecentShared } from './recent-metric.ts';
import { RecentQuerier } from './recent-querier.ts';
import { SampleRooms } from './sample-rooms.ts';

export interface RecentSamplesOptions {
  readonly storage: Storage;
  /** Default: Date.now. */
  readonly now?: () => number;
  /** Gets the metrics `pharos_recent_*`. Default: nobody does. */
  readonly registry?: Registry;
  readonly logger?: Logger;
  /** What reads further back is asked of the store. Milliseconds. Default 1 h. */
  readonly maxReach?: number;
  /** How much further back than is asked for samples are kept, for evaluations that are late. Milliseconds. Default 2 min. */
  readonly slack?: number;
  /** What samples and series may take in memory. Beyond it the metrics that take most are asked of the store. Default 256 MiB. */
  readonly maxBytes?: number;
  /**
   * Whether other processes write to the store too. Then it is read before each answer about a time after the last reading: once
   * for all who ask at a time. Default false.
   */
  readonly otherWriters?: boolean;
  /** How far before the last reading the next one begins, for samples that came late. Milliseconds. Default 30 s. */
  readonly overlap?: number;
  /** How long to wait before the store is read again after it failed or refused samples. Milliseconds. Default 5 s. */
  readonly retryAfter?: number;
}

const MINUTE = 60_000;
/** Old samples and series are looked for so often. */
const SWEEP_INTERVAL = MINUTE;
const READ_TIMEOUT = 2 * MINUTE;
/** How long somebody who asks waits for what others have written. */
const READ_PATIENCE = 5_000;
/** What others have not written for so long, they do not write any more. */
const OWN = 5 * MINUTE;
/** Where others write, the whole window is read again after so long. */
const RENEWAL_INTERVAL = 5 * MINUTE;
/** Metrics that are read at a time: what the store's index answers from memory. */
const METRICS_PER_READ = 32;

/**
 * A window over the recent past, in memory, of the metrics that rules and policies read. It stands in front of a store: what is
 * appended passes through it, and selections of a wanted metric's recent past are answered from memory with just what the store
 * would answer, without waiting until that can be queried there. All else is the store's.
 *
 * A metric that becomes wanted is read from the store once, while new samples come in. It is in use when all of its window is
 * here; after a deletion, or when the store has refused samples, it is read again. So an answer is complete, or the store's.
 *
 * Where others write too, what is new is read from the store before it is asked for, and all of the window every few minutes, for
 * samples that come later than `overlap`. What other processes delete is seen when the window has passed. Of samples of a series at
 * one millisecond the one that is here stays: of two processes nobody knows which was later.
 */
export class RecentSamples {
  /** The store, to be used in its place. Its appender must have `labelsOf`. */
  readonly storage: Storage;
  readonly #options: Required<Omit<RecentSamplesOptions, 'logger' | 'registry'>>;
  readonly #logger: Logger | undefined;
  readonly #byName = new Map<string, RecentMetric>();
  readonly #wants = new Map<string, ReadonlyMap<string, number>>();
  readonly #shared: RecentShared;
  readonly #appender: RecentAppender;
  readonly #metrics: RecentMetrics;
  readonly #closing = new AbortController();
  #sweptAt: number;
  /** Metrics to be put in order. */
  #scattered: RecentMetric[] = [];
  #loading: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failed = false;
  /** The store could not be read lately, and is not asked before then. */
  #unreadableUntil = 0;
  /** Where others write: what was in the store at this time is here. */
  #readUntil = Number.NEGATIVE_INFINITY;
  #refreshing: Promise<void> | undefined;
  #renewedAt = 0;

  constructor(options: RecentSamplesOptions) {
    const { storage, registry = new Registry(), logger } = options;
    this.#options = {
      now: Date.now,
      maxReach: 60 * MINUTE,
      slack: 2 * MINUTE,
      maxBytes: 256 * 2 ** 20,
      retryAfter: 5_000,
      overlap: 30_000,
      otherWriters: false,
      ...options,
    };
    this.#logger = logger;
    this.#shared = { rooms: new SampleRooms(), now: this.#options.now(), series: 0 };
    this.#sweptAt = this.#shared.now;
    this.#appender = new RecentAppender({
      main: storage.appender,
      metrics: this.#byName,
      onAppend: () => this.#tick(),
      onRefused: () => this.#reloadAll(),
    });
    this.#metrics = createRecentMetrics(registry, () => this.#figures());
    const querier = new RecentQuerier({
      main: storage.querier,
      metrics: this.#byName,
      upToDate: this.#options.otherWriters ? (metric, end) => this.#isUpToDate(metric, end) : undefined,
      onAsk: () => this.#tick(),
      onSelect: (from) => this.#metrics.selects.inc({ from }),
    });
    this.storage = {
      ...storage,
      appender: this.#appender,
      querier,
      deleteSamples: (deletion, signal) => this.#delete(deletion, signal),
      close: async (timeout) => {
        await this.#close();
        await storage.close(timeout);
      },
    };
  }

  /** What is further back than this, in milliseconds, is always asked of the store. */
  get maxReach(): number {
    return this.#options.maxReach;
  }

  /**
   * Says what `who` reads: metrics, and how far back from now, in milliseconds, but no further than `maxReach` than it pays to have
   * in memory. It replaces what they said before.
   */
  want(who: string, reaches: ReadonlyMap<string, number>): void {
    this.#wants.set(who, reaches);
    const { maxReach, slack } = this.#options;
    const wanted = new Map<string, number>();
    for (const [name, reach] of [...this.#wants.values()].flatMap((each) => [...each])) {
      wanted.set(name, Math.max(wanted.get(name) ?? 0, Math.min(reach, maxReach) + slack));
    }
    for (const [name, metric] of this.#byName) {
      if (wanted.has(name)) continue;
      this.#appender.unfollow(metric);
      metric.clear();
      this.#byName.delete(name);
    }
    for (const [name, reach] of wanted) {
      const known = this.#byName.get(name);
      if (known === undefined) {
        const metric = new RecentMetric(name, reach, this.#shared);
        this.#byName.set(name, metric);
        this.#appender.follow(metric);
      } else {
        if (reach > known.reach || known.isTooBig) known.needsLoading = true;
        if (known.isTooBig) this.#appender.follow(known);
        known.isTooBig = false;
        known.reach = reach;
      }
    }
    this.#load();
  }

  /** Whether what is appended to this metric from now on is seen at once, however far back somebody reads. */
  isImmediate(metric: string): boolean {
    return (this.#byName.get(metric)?.coveredFrom ?? Number.POSITIVE_INFINITY) < Number.POSITIVE_INFINITY;
  }

  /** Resolves when nothing is being read from the store any more. */
  async settled(): Promise<void> {
    while (this.#loading !== undefined) await this.#loading;
  }

  #figures() {
    const metrics = { memory: 0, loading: 0, too_big: 0 };
    for (const { isTooBig, coveredFrom } of this.#byName.values()) {
      metrics[isTooBig ? 'too_big' : coveredFrom === Number.POSITIVE_INFINITY ? 'loading' : 'memory']++;
    }
    return { series: this.#shared.series, bytes: this.#bytes, metrics };
  }

  get #bytes(): number {
    return this.#shared.rooms.bytes + this.#shared.series * BYTES_PER_SERIES;
  }

  /** Before samples are taken and questions answered. */
  #tick(): void {
    const now = this.#options.now();
    this.#shared.now = now;
    if (this.#bytes > this.#options.maxBytes) this.#shed();
    // One at a time: this is called often, and must not take long.
    this.#scattered.pop()?.pack();
    if (now - this.#sweptAt < SWEEP_INTERVAL && now >= this.#sweptAt) return;
    this.#sweptAt = now;
    for (const metric of this.#byName.values()) metric.sweep();
    this.#scattered = [...this.#byName.values()].filter((metric) => metric.isScattered);
  }

  /** Gives up the metrics that take most, until there is room for the others to grow. */
  #shed(): void {
    for (const metric of this.#byName.values()) metric.sweep();
    const bySize = [...this.#byName.values()].map((metric) => ({ metric, bytes: metric.bytes }));
    bySize.sort((a, b) => b.bytes - a.bytes);
    for (const { metric, bytes } of bySize) {
      if (this.#bytes <= 0.9 * this.#options.maxBytes) return;
      metric.isTooBig = true;
      metric.needsLoading = false;
      this.#appender.unfollow(metric);
      metric.clear();
      this.#logger?.warn(
        { metric: metric.name, bytes, limit: this.#options.maxBytes },
        'rules and policies read this metric from the store: in memory it would take too much',
      );
    }
  }

  async #delete(deletion: Deletion, signal: AbortSignal): Promise<void> {
    const { storage } = this.#options;
    const affected = () => [...this.#byName.values()].filter(({ name }) => mayDelete(deletion, name));
    // The store answers until it is known what is left.
    for (const metric of affected()) metric.clear();
    try {
      await storage.deleteSamples(deletion, signal);
    } finally {
      for (const metric of affected()) this.#reload(metric);
      this.#load();
    }
  }

  /** What was taken here may not be in the store. */
  #reloadAll(): void {
    for (const metric of this.#byName.values()) this.#reload(metric);
    this.#loadLater();
  }

  #reload(metric: RecentMetric): void {
    if (metric.isTooBig) return;
    metric.clear();
    metric.needsLoading = true;
  }

  #loadLater(): void {
    if (this.#closing.signal.aborted) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#load();
    }, this.#options.retryAfter);
    this.#retry.unref();
  }

  /** Begins to read what is wanted and not here, unless that is under way or must wait. */
  #load(): void {
    if (this.#closing.signal.aborted || this.#retry !== undefined) return;
    this.#loading ??= this.#loadAll()
      .then(
        () => {
          this.#failed = false;
        },
        (error: unknown) => {
          if (this.#closing.signal.aborted) return;
          this.#metrics.failures.inc();
          const reason = error instanceof Error ? error.message : String(error);
          if (!this.#failed) this.#logger?.warn(`recent samples cannot be read from the store yet: ${reason}`);
          this.#failed = true;
          this.#loadLater();
        },
      )
      .finally(() => {
        this.#loading = undefined;
        if ([...this.#byName.values()].some((metric) => metric.needsLoading)) this.#load();
      });
  }

  async #loadAll(): Promise<void> {
    for (;;) {
      const metrics = [...this.#byName.values()].filter((metric) => metric.needsLoading).slice(0, METRICS_PER_READ);
      if (metrics.length === 0 || this.#retry !== undefined) return;
      for (const metric of metrics) metric.readings++;
      try {
        await this.#limited((signal) => this.#loadSome(metrics, signal));
      } finally {
        for (const metric of metrics) metric.readings--;
      }
    }
  }

  /** With a signal that fires after READ_TIMEOUT, or when this is closed. */
  async #limited(run: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const ending = new AbortController();
    const stop = (): void => ending.abort(this.#closing.signal.reason);
    const timer = setTimeout(() => ending.abort(new Error(`no answer within ${READ_TIMEOUT / 1000} s`)), READ_TIMEOUT);
    this.#closing.signal.addEventListener('abort', stop, { once: true });
    try {
      await run(ending.signal);
    } finally {
      clearTimeout(timer);
      this.#closing.signal.removeEventListener('abort', stop);
    }
  }

  /**
   * Brings memory up to date with what others have written. While the store cannot be read, memory has all there is of a metric that,
   * as far as is known, nobody else writes: what it has of that is as good as an answer, and alerts go on.
   */
  async #isUpToDate(metric: RecentMetric, end: number): Promise<boolean> {
    const { now, retryAfter } = this.#options;
    if (now() >= this.#unreadableUntil || now() < this.#unreadableUntil - retryAfter) {
      // The reading goes on: who asks next may find it done.
      if (await within(this.#upToDate(end), READ_PATIENCE)) return true;
      this.#unreadableUntil = now() + retryAfter;
    }
    return metric.isOwnSince(now() - OWN);
  }

  /** Reads what others have written until now, unless what is asked for ends before the last reading. False when that fails. */
  async #upToDate(end: number): Promise<boolean> {
    const now = this.#options.now();
    // The clock was set back.
    if (this.#readUntil > now) this.#readUntil = Number.NEGATIVE_INFINITY;
    // What is after now cannot be waited for.
    const wanted = Math.min(end, now);
    while (this.#readUntil < wanted) {
      this.#refreshing ??= this.#refresh().finally(() => {
        this.#refreshing = undefined;
      });
      try {
        await this.#refreshing;
      } catch {
        this.#metrics.failures.inc();
        return false;
      }
    }
    return true;
  }

  async #refresh(): Promise<void> {
    const { storage, now, overlap } = this.#options;
    const begun = now();
    const isRenewal = begun - this.#renewedAt >= RENEWAL_INTERVAL;
    const covered = [...this.#byName.values()].filter(({ coveredFrom }) => coveredFrom < Number.POSITIVE_INFINITY);
    const from = isRenewal ? Number.NEGATIVE_INFINITY : this.#readUntil - overlap;
    for (let first = 0; first < covered.length; first += METRICS_PER_READ) {
      const reads = covered.slice(first, first + METRICS_PER_READ).map((metric) => ({
        metric,
        from: Math.max(from, metric.keptFrom),
        generation: metric.generation,
      }));
      this.#metrics.reads.inc();
      const isCurrent = ({ metric, generation }: (typeof reads)[number]) =>
        metric.generation === generation && this.#byName.get(metric.name) === metric;
      for (const { metric } of reads) metric.readings++;
      try {
        await this.#limited((signal) => readInto(reads, { querier: storage.querier, signal, isCurrent }));
      } finally {
        for (const { metric } of reads) metric.readings--;
      }
    }
    this.#readUntil = begun;
    if (isRenewal) this.#renewedAt = begun;
  }

  /** What is appended from now on is taken as it comes; what was appended before can be queried after a flush. */
  async #loadSome(metrics: readonly RecentMetric[], signal: AbortSignal): Promise<void> {
    const { storage, now } = this.#options;
    const begun = now();
    const loads = metrics.map((metric) => ({ metric, from: begun - metric.reach, generation: metric.generation }));
    for (const { metric, from } of loads) metric.keepFrom(from);
    await this.#appender.settled();
    await storage.flush(signal);
    this.#metrics.reads.inc();
    const isCurrent = ({ metric, generation }: (typeof loads)[number]) =>
      metric.generation === generation && this.#byName.get(metric.name) === metric;
    await readInto(loads.filter(isCurrent), { querier: storage.querier, signal, isCurrent });
    for (const load of loads) if (isCurrent(load) && !load.metric.isTooBig) load.metric.cover(load.from);
    // What was read since for others was not for these.
    this.#readUntil = Math.min(this.#readUntil, begun);
    this.#tick();
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#retry);
    await this.#loading;
    for (const metric of this.#byName.values()) metric.clear();
    this.#byName.clear();
  }
}

/** What it resolves with; false when that takes longer than so many milliseconds. */
async function within(answer: Promise<boolean>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether a deletion may touch a metric. */
function mayDelete({ matcherSets }: Deletion, name: string): boolean {
  return matcherSets.some((matchers) =>
    matchers.every((matcher) => matcher.name !== METRIC_NAME || matcher.matches(name)),
  );
}
