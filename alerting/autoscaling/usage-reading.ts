import type { Logger } from 'pino';
import type { Clock } from '../../clock/clock.ts';
import { Matcher } from '../../storage/matcher.ts';
import { withDeadline } from '../deadline.ts';
import type { ReadSamples, SampleReader, SampleRequest } from '../sample-reader.ts';
import { MAX_DISTANCE } from './cpu-rate.ts';
import type { MetricRead } from './served-metric.ts';
import {
  CADVISOR_CONTAINERS,
  CADVISOR_NODES,
  KUBELET_CONTAINERS,
  KUBELET_NODES,
  type UsageSource,
} from './usage-series.ts';
import { UsageTable } from './usage-table.ts';

export interface UsageReadingOptions {
  readonly read: SampleReader;
  /** The value of the label `cluster` of its series; '' for those without. Others do not count. */
  readonly cluster: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds between two readings. */
  readonly interval: number;
  /** Milliseconds that a sample may be old. */
  readonly freshness: number;
  /** Milliseconds for which reading goes on after the last request. */
  readonly interest: number;
  /** Called when `reads` has changed. */
  readonly onReads: () => void;
}

/** Containers, or nodes: first where they are read from, then where else if that does not do. */
export class UsageKind {
  readonly sources: readonly [first: UsageSource, other: UsageSource];
  /** More conditions on the series of a source. */
  readonly matchers: (source: UsageSource) => readonly Matcher[];
  /** By source. */
  tables: readonly [first: UsageTable, other: UsageTable];
  /** The other one is read until this moment of the clock's elapsed time. */
  bothUntil = Number.NEGATIVE_INFINITY;

  constructor(sources: readonly [UsageSource, UsageSource], matchers: (source: UsageSource) => readonly Matcher[]) {
    this.sources = sources;
    this.matchers = matchers;
    this.tables = this.#empty();
  }

  clear(): void {
    this.tables = this.#empty();
    this.bothUntil = Number.NEGATIVE_INFINITY;
  }

  #empty(): readonly [UsageTable, UsageTable] {
    return [new UsageTable(this.sources[0]), new UsageTable(this.sources[1])];
  }
}

/** A sample may be so much ahead of the clock here, since a node's is never quite the same. Milliseconds. */
const AHEAD = 10_000;
/** How long a reading may take, and how long a request waits for one. Milliseconds. */
const READ_TIMEOUT = 30_000;
const PATIENCE = 5_000;
/** A reading out of turn comes not before so many milliseconds, and so many times what the last one took. */
const MIN_PAUSE = 2_000;
const PAUSE_FACTOR = 20;

/**
 * Reads use of CPU and memory of all containers and nodes of a cluster, once per interval while somebody is interested, and keeps what it
 * found last. The other source is read only while the first one lacks something that is asked for.
 */
export class UsageReading {
  readonly containers: UsageKind;
  readonly nodes: UsageKind;
  readonly #options: UsageReadingOptions;
  readonly #wanting = new Set<string>();
  readonly #closing = new AbortController();
  /** All by the clock's elapsed time. */
  #askedAt = Number.NEGATIVE_INFINITY;
  #readAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  #took = 0;
  #failure: string | undefined;
  #reading: Promise<void> | undefined;
  #isRunning = false;
  #cancel: () => void = () => undefined;

  constructor(options: UsageReadingOptions) {
    this.#options = options;
    const ours = [new Matcher('cluster', '=', options.cluster)];
    const ofMachines = [...ours, new Matcher('id', '=', '/')];
    this.containers = new UsageKind([KUBELET_CONTAINERS, CADVISOR_CONTAINERS], () => ours);
    this.nodes = new UsageKind([KUBELET_NODES, CADVISOR_NODES], (source) =>
      source === CADVISOR_NODES ? ofMachines : ours,
    );
  }

  /** Says whether `who` wants it to be read all the time, as autoscalers on CPU or memory do. */
  want(who: string, isWanted: boolean): void {
    if (isWanted) this.#wanting.add(who);
    else this.#wanting.delete(who);
    if (isWanted) this.#run();
  }

  /** What is read, each metric once; nothing while nobody is interested. */
  reads(): readonly MetricRead[] {
    const reads = new Map<string, MetricRead>();
    if (!this.#isRunning) return [];
    for (const { metric, back } of this.#parts()) {
      if ((reads.get(metric)?.back ?? 0) < back) reads.set(metric, { metric, back });
    }
    return [...reads.values()];
  }

  /**
   * Somebody asks. Resolves when what is here has been read within an interval, or when that could not be had in time: whether that had to
   * be waited for. Rejects with the signal's reason.
   */
  async current(signal: AbortSignal): Promise<boolean> {
    const { clock, interval } = this.#options;
    this.#askedAt = clock.elapsed();
    this.#run();
    // A little late is no reason to wait: the timer is about to come.
    if (clock.elapsed() - this.#readAt <= 1.5 * interval) return false;
    // Nor is a store that has just failed, or has kept others waiting already.
    const tried = clock.elapsed() - this.#triedAt;
    if (this.#reading === undefined ? tried < MIN_PAUSE : tried >= PATIENCE) return false;
    await this.#wait(signal, () => this.#readNow());
    return true;
  }

  /** Reads once more, unless it was read just now; resolves whether it did. Rejects with the signal's reason. */
  async again(signal: AbortSignal): Promise<boolean> {
    const pause = Math.max(MIN_PAUSE, PAUSE_FACTOR * this.#took);
    if (this.#options.clock.elapsed() - this.#triedAt < pause) return false;
    await this.#wait(signal, async () => {
      // What is under way began before.
      await this.#reading;
      await this.#readNow();
    });
    return true;
  }

  /** What the first source has does not do: the other one is read too, for as long as interest lasts. True when it was not before. */
  widen(kind: UsageKind): boolean {
    const { clock, interest, onReads } = this.#options;
    const isNew = kind.bothUntil < clock.elapsed();
    kind.bothUntil = clock.elapsed() + interest;
    if (isNew) {
      // What is read already does not count for it.
      this.#triedAt = Number.NEGATIVE_INFINITY;
      onReads();
    }
    return isNew;
  }

  /** Why what is here may not be all that there is; undefined when it is. */
  get doubt(): string | undefined {
    const { clock, interval } = this.#options;
    if (this.#failure !== undefined) return this.#failure;
    return clock.elapsed() - this.#readAt > 3 * interval ? 'the samples have not been read yet' : undefined;
  }

  /** Milliseconds since the last complete reading; Infinity without one. */
  get age(): number {
    return this.#options.clock.elapsed() - this.#readAt;
  }

  /** Ends it; who waits is not kept waiting. */
  close(): void {
    this.#closing.abort(new Error('the server is shutting down'));
    this.#cancel();
    this.#isRunning = false;
  }

  #run(): void {
    if (this.#isRunning || this.#closing.signal.aborted) return;
    this.#isRunning = true;
    this.#options.onReads();
    void this.#readNow();
    this.#scheduleNext();
  }

  #scheduleNext(): void {
    const { clock, interval, interest, onReads } = this.#options;
    this.#cancel = clock.schedule(interval, () => {
      const isWanted = this.#wanting.size > 0 || clock.elapsed() - this.#askedAt < interest;
      if (isWanted) {
        void this.#readNow();
        this.#scheduleNext();
        return;
      }
      this.#isRunning = false;
      this.#readAt = Number.NEGATIVE_INFINITY;
      this.containers.clear();
      this.nodes.clear();
      onReads();
    });
  }

  async #wait(signal: AbortSignal, reading: () => Promise<void>): Promise<void> {
    const { clock } = this.#options;
    const message = `the samples could not be read within ${PATIENCE / 1000} s`;
    await withDeadline(reading, { signal, timeout: PATIENCE, message, clock }).catch(() => signal.throwIfAborted());
  }

  /** Never rejects. One at a time: who comes meanwhile gets the same. */
  #readNow(): Promise<void> {
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readAll(): Promise<void> {
    const { read, clock, logger } = this.#options;
    const begun = clock.elapsed();
    const now = clock.now();
    this.#triedAt = begun;
    const parts = this.#parts();
    const requests = parts.map(
      ({ metric, matchers, back }): SampleRequest => ({ metric, matchers, from: now - back, to: now + AHEAD }),
    );
    const message = `the samples could not be read within ${READ_TIMEOUT / 1000} s`;
    let failure: string | undefined;
    let isOver = false;
    let took = 0;
    const take = (request: number, answer: ReadSamples | Error): void => {
      if (isOver) return;
      if (answer instanceof Error) {
        failure ??= `the samples cannot be read: ${answer.message}`;
        return;
      }
      const from = clock.elapsed();
      parts[request]!.take(answer, now + AHEAD);
      took += clock.elapsed() - from;
    };
    try {
      await withDeadline((signal) => read(requests, take, signal), {
        signal: this.#closing.signal,
        timeout: READ_TIMEOUT,
        message,
        clock,
      });
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    isOver = true;
    this.#took = took;
    if (failure === undefined) this.#readAt = begun;
    else if (this.#failure === undefined && !this.#closing.signal.aborted) {
      logger.warn(`use of CPU and memory is not known any more: ${failure}`);
    }
    this.#failure = failure;
  }

  #parts(): Part[] {
    const { freshness, clock } = this.#options;
    return [this.containers, this.nodes].flatMap((kind) => {
      const tables = kind.bothUntil < clock.elapsed() ? kind.tables.slice(0, 1) : kind.tables;
      return tables.flatMap((table): Part[] => {
        const { source } = table;
        const matchers = kind.matchers(source);
        return [
          {
            metric: source.cpu,
            matchers,
            back: freshness + MAX_DISTANCE,
            take: (answer, to) => table.takeCpu(answer, to),
          },
          { metric: source.memory, matchers, back: freshness, take: (answer, to) => table.takeMemory(answer, to) },
        ];
      });
    });
  }
}

/** One of the requests of a reading. */
interface Part {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  /** Milliseconds. */
  readonly back: number;
  readonly take: (answer: ReadSamples, to: number) => void;
}
