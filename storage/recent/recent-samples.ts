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
  /** How long to wait before the store is read again after it failed or refused samples. Milliseconds. Default 5 s. */
  readonly retryAfter?: number;
}

const MINUTE = 60_000;
/** Old samples and series are looked for so often. */
const SWEEP_INTERVAL = MINUTE;
const READ_TIMEOUT = 2 * MINUTE;
/** Metrics that are read at a time: what the store's index answers from memory. */
const METRICS_PER_READ = 32;

/**
 * A window over the recent past, in memory, of the metrics that rules and policies read. It stands in front of a store: what is
 * appended passes through it, and selections of a wanted metric's recent past are answered from memory with just what the store
 * would answer, without waiting until that can be queried there. All else is the store's.
 *
 * A metric that becomes wanted is read from the store once, while new samples come in. It is in use when all of its window is
 * here; after a deletion, or when the store has refused samples, it is read again. So an answer is complete, or the store's.
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
  #loading: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failed = false;

  constructor(options: RecentSamplesOptions) {
    const { storage, registry = new Registry(), logger } = options;
    this.#options = {
      now: Date.now,
      maxReach: 60 * MINUTE,
      slack: 2 * MINUTE,
      maxBytes: 256 * 2 ** 20,
      retryAfter: 5_000,
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
      upToDate: undefined,
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
    if (now - this.#sweptAt < SWEEP_INTERVAL && now >= this.#sweptAt) return;
    this.#sweptAt = now;
    for (const metric of this.#byName.values()) metric.sweep();
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
      for (const metric of metrics) metric.isLoading = true;
      try {
        await this.#limited((signal) => this.#loadSome(metrics, signal));
      } finally {
        for (const metric of metrics) metric.isLoading = false;
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

  /** What is appended from now on is taken as it comes; what was appended before can be queried after a flush. */
  async #loadSome(metrics: readonly RecentMetric[], signal: AbortSignal): Promise<void> {
    const { storage, now } = this.#options;
    const loads = metrics.map((metric) => ({ metric, from: now() - metric.reach, generation: metric.generation }));
    for (const { metric, from } of loads) metric.keepFrom(from);
    await this.#appender.settled();
    await storage.flush(signal);
    this.#metrics.reads.inc();
    const isCurrent = ({ metric, generation }: (typeof loads)[number]) =>
      metric.generation === generation && this.#byName.get(metric.name) === metric;
    await readInto(loads.filter(isCurrent), { querier: storage.querier, signal, isCurrent });
    for (const load of loads) if (isCurrent(load) && !load.metric.isTooBig) load.metric.cover(load.from);
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

/** Whether a deletion may touch a metric. */
function mayDelete({ matcherSets }: Deletion, name: string): boolean {
  return matcherSets.some((matchers) =>
    matchers.every((matcher) => matcher.name !== METRIC_NAME || matcher.matches(name)),
  );
}
