import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { type Clock, SYSTEM_CLOCK, wait } from '../../../clock/clock.ts';
import type { Appender } from '../../../storage/appender.ts';
import type { EventLog, KubernetesEvent, RecordedEvents } from '../../../storage/event-log.ts';
import type { Labels } from '../../../storage/labels.ts';
import type { KubeCluster } from '../kube-cluster.ts';
import { kubernetesMetrics } from '../kubernetes-metrics.ts';
import type { CoreEvent } from '../objects.ts';
import { Reflector, type ReflectorOptions } from '../reflector.ts';
import { RESOURCES } from '../resources.ts';
import { EventCounts } from './event-counts.ts';
import { entryOf } from './event-entry.ts';
import { type EventRecorderMetrics, eventRecorderMetrics } from './event-recorder-metrics.ts';
import { EventRowQueue } from './event-row-queue.ts';
import { EVENTS_HELP, EVENTS_METRIC, EventSeries } from './event-series.ts';
import { EventStream } from './event-stream.ts';

export interface EventRecorderOptions {
  readonly cluster: Pick<KubeCluster, 'name' | 'client'>;
  /** Where every event becomes an entry. Undefined: events are counted only. */
  readonly eventLog: EventLog | undefined;
  readonly appender: Appender;
  readonly logger: Logger;
  /** That all series have: job, instance, cluster. */
  readonly labels: Labels;
  /** Milliseconds between two samples of a series. Default 15,000. */
  readonly interval?: number;
  /** Whether this process records; asked every second. Default: it does. */
  readonly isLeader?: () => boolean;
  /** Only of this namespace. Default: of all. */
  readonly namespace?: string;
  /** The one that the cluster's watches are counted in. Default: none. */
  readonly registry?: Registry;
  readonly clock?: Clock;
  /** Series at most. Default 10,000. */
  readonly maxSeries?: number;
  /** Entries per second that are taken in the long run. Default 100. */
  readonly rate?: number;
  /** Entries that are taken at once after a quiet time. Default 2,000. */
  readonly burst?: number;
  /** Of the reflector, mostly for tests. */
  readonly reflector?: Partial<Pick<ReflectorOptions<CoreEvent>, 'pageSize' | 'backOff' | 'maxBackOff'>>;
}

export interface EventRecorder {
  /** Begins to watch, to count and to record. Call once. */
  start(): void;
  /** Ends, with what waits for the log in it. With `markStale` the cluster is not recorded any more and the series end. */
  close(options?: { readonly markStale: boolean }): Promise<void>;
}

const DEFAULT_INTERVAL = 15_000;
const TICK = 1_000;
/** The log is asked for what it has of so long: the API keeps events for an hour, or as long as its operator wants. */
const RECORDED_SINCE = 6 * 3_600_000;
/** A series of which nothing was said for so long ends. */
const IDLE = 24 * 3_600_000;
/** How long the log may take to say what it has; then it is asked again. */
const LOG_TIMEOUT = 60_000;
const CLOSE_TIMEOUT = 5_000;

/**
 * Watches a cluster's events: counts them in `k8s_events_total`, and makes each an entry of the log, whenever its count
 * rises. Counts are differences, so events that are said again count as often as they were said; what the log has already is not
 * counted again after a restart or by the next leader. Without a log, what was said before the start is not counted.
 */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  return new Recorder(options);
}

class Recorder implements EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #metrics: EventRecorderMetrics;
  readonly #closing = new AbortController();
  readonly #counts = new EventCounts();
  readonly #series: EventSeries;
  readonly #queue: EventRowQueue | undefined;
  #running: Promise<void> | undefined;
  #watching: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;
  /** Not before this moment of the clock that never jumps. */
  #startAt = 0;
  #lastEmission = 0;
  #emissionFailure = '';

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    const { appender, labels, maxSeries = 10_000, eventLog, logger, rate = 100, burst = 2_000 } = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#metrics = eventRecorderMetrics(options.registry ?? new Registry());
    this.#series = new EventSeries({ appender, labels, maxSeries, idle: IDLE });
    const { metrics, cluster } = { metrics: this.#metrics, cluster: options.cluster.name };
    this.#queue =
      eventLog &&
      new EventRowQueue({ eventLog, cluster, rate, burst, metrics, logger, elapsed: () => this.#clock.elapsed() });
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async close({ markStale } = { markStale: false }): Promise<void> {
    this.#closing.abort();
    await this.#running;
    await this.#stopWatching();
    await Promise.race([this.#queue?.flush(), timeout(CLOSE_TIMEOUT)]);
    if (markStale) await this.#endSeries();
    this.#series.release();
    this.#metrics.series.remove({ cluster: this.#options.cluster.name });
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    const { isLeader = () => true } = this.#options;
    while (!signal.aborted) {
      if (!isLeader()) {
        if (this.#watching !== undefined) {
          await this.#stopWatching();
          await this.#endSeries();
        }
      } else if (this.#watching !== undefined || (await this.#startWatchingWhenDue())) {
        await this.#queue?.flush();
        await this.#emitWhenDue();
      }
      await wait(this.#clock, Math.min(TICK, this.#options.interval ?? DEFAULT_INTERVAL), signal);
    }
  }

  async #startWatchingWhenDue(): Promise<boolean> {
    if (this.#clock.elapsed() < this.#startAt) return false;
    const hasStarted = await this.#startWatching();
    const { interval = DEFAULT_INTERVAL } = this.#options;
    if (!hasStarted) this.#startAt = this.#clock.elapsed() + interval;
    return hasStarted;
  }

  /** False when the log does not say what it has: to go on without would count twice. */
  async #startWatching(): Promise<boolean> {
    const { cluster, eventLog, logger, namespace = '', registry, reflector, appender } = this.#options;
    let recorded: RecordedEvents = { counts: new Map(), newest: 0 };
    if (eventLog !== undefined) {
      try {
        recorded = await this.#askLog(eventLog);
      } catch (error) {
        if (!this.#closing.signal.aborted) {
          this.#tellOnce(`events wait: the log does not say what it has: ${messageOf(error)}`);
        }
        return false;
      }
      if (this.#closing.signal.aborted) return false;
    }
    this.#emissionFailure = '';
    appender.describe([{ metric: EVENTS_METRIC, type: 'counter', help: EVENTS_HELP, unit: '' }]);
    this.#counts.begin(recorded);
    const stop = new AbortController();
    const stream = new EventStream({
      listed: (events, isFirst) => this.#listed(events, isFirst),
      said: (event) => this.#said(event),
      gone: (of, name) => this.#counts.forget(keyOf(of, name)),
    });
    const watch = new Reflector<CoreEvent>({
      ...reflector,
      client: cluster.client,
      resource: RESOURCES.events,
      namespace,
      cache: stream,
      cluster: cluster.name,
      logger,
      metrics: registry && kubernetesMetrics(registry, () => this.#clock.now()),
      clock: this.#clock,
      random: Math.random,
    });
    this.#watching = { stop, ended: watch.run(stop.signal) };
    return true;
  }

  async #askLog(eventLog: EventLog): Promise<RecordedEvents> {
    const { signal } = this.#closing;
    const controller = new AbortController();
    const abort = () => controller.abort();
    const timer = setTimeout(abort, LOG_TIMEOUT);
    signal.addEventListener('abort', abort, { once: true });
    try {
      const since = this.#clock.now() - RECORDED_SINCE;
      return await eventLog.recorded(this.#options.cluster.name, since, controller.signal);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }

  async #stopWatching(): Promise<void> {
    const watching = this.#watching;
    this.#watching = undefined;
    watching?.stop.abort();
    await watching?.ended;
  }

  #listed(events: Iterable<CoreEvent>, isFirst: boolean): void {
    if (!isFirst) {
      for (const event of events) this.#said(event);
      return;
    }
    const history: KubernetesEvent[] = [];
    for (const event of events) {
      const { entry, isRecorded } = this.#count(event);
      if (!isRecorded) history.push(entry);
    }
    this.#queue?.pushHistory(history);
    this.#counts.listed();
  }

  #said(event: CoreEvent): void {
    const { entry, said } = this.#count(event);
    if (said > 0) this.#queue?.push(entry);
  }

  #count(event: CoreEvent): { entry: KubernetesEvent; said: number; isRecorded: boolean } {
    const now = this.#clock.now();
    const entry = entryOf(event, { cluster: this.#options.cluster.name, now });
    const { said, isRecorded } = this.#counts.count(entry, keyOf(event.metadata.namespace, event.metadata.name));
    if (said > 0) this.#series.add(entry, said, now);
    return { entry, said, isRecorded };
  }

  async #emitWhenDue(): Promise<void> {
    const { interval = DEFAULT_INTERVAL } = this.#options;
    const timestamp = Math.floor(this.#clock.now() / interval) * interval;
    if (timestamp <= this.#lastEmission) return;
    this.#lastEmission = timestamp;
    this.#metrics.series.set({ cluster: this.#options.cluster.name }, this.#series.size);
    try {
      await this.#series.emit(timestamp);
      this.#emissionFailure = '';
    } catch (error) {
      this.#tellOnce(`the storage refuses the counts of events: ${messageOf(error)}`);
    }
  }

  /** Others count from now on, or nobody. */
  async #endSeries(): Promise<void> {
    try {
      await this.#series.end(this.#clock.now());
    } catch (error) {
      this.#tellOnce(`the storage refuses the end of the counts of events: ${messageOf(error)}`);
    }
  }

  #tellOnce(message: string): void {
    if (this.#emissionFailure === message) return;
    this.#emissionFailure = message;
    this.#options.logger.warn({ cluster: this.#options.cluster.name }, message);
  }
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function timeout(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
