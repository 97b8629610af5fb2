import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { type Clock, SYSTEM_CLOCK, wait } from '../../../clock/clock.ts';
import type { Appender } from '../../../storage/appender.ts';
import type { Labels } from '../../../storage/labels.ts';
import { Moments } from '../../emission/moments.ts';
import type { ArrivalSource, Arrivals } from '../../scrape/arrivals.ts';
import type { KubeCluster } from '../kube-cluster.ts';
import type { KubeObject } from '../objects.ts';
import { type FamilySelection, type SelectedResource, selectFamilies } from './family-selection.ts';
import { ResourceState } from './resource-state.ts';
import { SelfSeries, type Shard } from './self-series.ts';
import { type StateMetricsFigures, type StateMetricsMetrics, stateMetricsMetrics } from './state-metrics-metrics.ts';

export interface StateMetricsOptions {
  readonly cluster: KubeCluster;
  readonly appender: Appender;
  readonly logger: Logger;
  /** The one that the cluster's watches are counted in. */
  readonly registry: Registry;
  /** That all series have: job="kube-state-metrics", instance, cluster. */
  readonly labels: Labels;
  /** Milliseconds between two samples of a series. Default 30,000. */
  readonly interval?: number;
  readonly clock?: Clock;
  /** Is told when an emission was due and when all of it has been appended. Default: nobody asks. */
  readonly arrivals?: Arrivals | undefined;
  /**
   * Whether this process, of those that do the same work, is the one that tells anything; asked again before each emission.
   * Default: it is.
   */
  readonly speaks?: () => boolean;
  /** Whether an object, by its uid, belongs to this process' shard; asked when it changes, and by `reassess`. Default: all do. */
  readonly owns?: (uid: string) => boolean;
  /** Which shard that is, to be told. Default: the only one. */
  readonly shard?: Shard;
  /** Which families are told. */
  readonly families?: FamilySelection;
  /** Only of these namespaces; what is in none is told whole. Default: all. */
  readonly namespaces?: readonly string[];
  /** Milliseconds after which a cache that is not known to be current is not told any more. Default 300,000. */
  readonly maxAge?: number;
}

export interface StateMetrics {
  /** Begins to watch and to tell. Call once. */
  start(): void;
  /** `speaks` or `owns` has changed its mind: what is not told here any more ends within seconds, not only at the next emission. */
  reassess(): void;
  /** Ends. With `markStale` the cluster is not told any more and all series end; without, the process ends and they may go on. */
  close(options: { readonly markStale: boolean }): Promise<void>;
  readonly stats: StateMetricsStats;
}

export interface StateMetricsStats extends StateMetricsFigures {
  readonly objects: number;
  readonly series: number;
  /** The timestamp of the last emission, 0 when there was none. */
  readonly lastEmission: number;
  /** Milliseconds that the last emission took until it was durable. */
  readonly lastDuration: number;
  readonly lastSamples: number;
}

/** Tells the state of a cluster's objects as kube-state-metrics does, from the watch caches. Throws on a wrong selection. */
export function createStateMetrics(options: StateMetricsOptions): StateMetrics {
  return new Teller(options);
}

const DEFAULT_INTERVAL = 30_000;
const DEFAULT_MAX_AGE = 300_000;
/** Milliseconds of work before others get their turn. */
const SLICE = 5;
/** Objects that are gone are gathered for so long before their series end. */
const END_DELAY = 1_000;
/** An emission goes at this pace: a million samples at once would hold everybody else up. */
const SAMPLES_PER_SECOND = 50_000;
/** But it takes this part of the interval at most. */
const SPREAD = 0.25;
/** For how long, and how often, stale markers are offered at the end to a storage that refuses them. */
const END_ATTEMPTS = 12;
const END_PAUSE = 5_000;
/** Failures of one resource are logged at most so often. */
const LOG_PAUSE = 60_000;

/**
 * Every interval all series are appended at one timestamp, which is a fixed moment of the interval: a cluster's own, so that
 * several do not fall together. The emission takes a part of the interval; a sample that comes late in it has the value of
 * that later moment.
 *
 * A resource is silent until its cache has had a complete list and all series are there. It falls silent again, and its
 * series end, when the cache has not been known to be current for `maxAge`: what the API server does not confirm may be long
 * gone, and an alert on old state is worse than one on missing state, which `up` 0 raises. It goes on by itself.
 */
class Teller implements StateMetrics {
  readonly #options: StateMetricsOptions;
  readonly #clock: Clock;
  readonly #interval: number;
  readonly #moments: Moments;
  readonly #metrics: StateMetricsMetrics;
  readonly #self: SelfSeries;
  readonly #selected: readonly SelectedResource[];
  readonly #stopping = new AbortController();
  readonly #logged = new Map<string, number>();
  readonly #arrival: ArrivalSource | undefined;
  #states: readonly ResourceState[] = [];
  /** Resources that are silent because of their age. */
  readonly #outdated = new Set<ResourceState>();
  #forget: () => void = () => {};
  #running: Promise<void> = Promise.resolve();
  #isWorking = false;
  /** What `speaks` said when it was asked last. */
  #spoke = true;
  #cancelEnding: (() => void) | undefined;
  #ending: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;
  #last = { timestamp: 0, duration: 0, samples: 0 };

  constructor(options: StateMetricsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#interval = options.interval ?? DEFAULT_INTERVAL;
    if (!(this.#interval >= 1)) throw new Error(`interval must be 1 ms or more, got ${this.#interval}`);
    this.#moments = new Moments(`state metrics of ${options.cluster.name} ${options.labels.key}`, this.#interval);
    this.#arrival = options.arrivals?.source();
    this.#arrival?.setPatience(this.#interval / 2);
    this.#selected = selectFamilies(options.families);
    this.#metrics = stateMetricsMetrics(options.registry);
    this.#self = new SelfSeries({
      ...options,
      clock: this.#clock,
      resources: this.#selected.map(({ resource }) => resource),
    });
  }

  get stats(): StateMetricsStats {
    const resources = this.#states.map((state) => ({
      resource: state.selected.resource,
      objects: state.objects,
      series: state.series.size,
      isOutdated: this.#outdated.has(state),
    }));
    return {
      cluster: this.#options.cluster.name,
      resources,
      objects: resources.reduce((sum, { objects }) => sum + objects, 0),
      series: resources.reduce((sum, { series }) => sum + series, 0),
      bytes: this.#states.reduce((sum, { byteLength }) => sum + byteLength, 0),
      lastEmission: this.#last.timestamp,
      lastDuration: this.#last.duration,
      lastSamples: this.#last.samples,
    };
  }

  start(): void {
    const { cluster, namespaces, appender, labels, owns = () => true } = this.#options;
    this.#spoke = this.#speaks();
    this.#states = this.#selected.map(
      (selected) =>
        new ResourceState({
          cluster,
          namespaces,
          appender,
          selected,
          base: labels,
          owns: (uid) => this.#speaks() && owns(uid),
          onChange: () => this.#wake(),
          onFailure: (object, error) => this.#noteFailure(selected.resource, object, error),
        }),
    );
    this.#forget = this.#metrics.add(() => this.stats);
    appender.describe(
      this.#selected.flatMap(({ families }) =>
        families.map(({ name, type, help }) => ({ metric: name, type, help, unit: '' })),
      ),
    );
    this.#self.describe();
    this.#running = this.#run();
  }

  reassess(): void {
    this.#spoke = this.#speaks();
    for (const state of this.#states) state.reassess();
  }

  close({ markStale }: { readonly markStale: boolean }): Promise<void> {
    this.#closed ??= this.#end(markStale);
    return this.#closed;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let next = this.#moments.next(this.#clock.now());
    while (!signal.aborted) {
      const now = this.#clock.now();
      // The clock was set back.
      if (next - now > this.#interval) next = this.#moments.next(now);
      if (this.#last.timestamp > 0) this.#arrival?.expect(next);
      if (now < next) {
        // Timers may fire a little early: then it waits again.
        await wait(this.#clock, next - now, signal);
        continue;
      }
      const timestamp = this.#moments.last(now);
      await this.#emit(timestamp);
      const following = this.#moments.next(Math.max(this.#clock.now() - 1, timestamp));
      const missed = Math.round((following - next) / this.#interval) - 1;
      if (missed > 0 && !signal.aborted) this.#metrics.missed.inc({ cluster: this.#options.cluster.name }, missed);
      next = following;
      this.#arrival?.expect(next);
    }
  }

  /** Never rejects. */
  async #emit(timestamp: number): Promise<void> {
    const { cluster, logger, maxAge = DEFAULT_MAX_AGE } = this.#options;
    const begun = this.#clock.elapsed();
    if (this.#speaks() !== this.#spoke) this.reassess();
    const ready = this.#states.filter((state) => state.isReady);
    for (const state of ready) this.#noteAge(state, this.#clock.now() - state.currentAt > maxAge);
    const total = ready.reduce((sum, { series }) => sum + series.size, 0);
    const spread = Math.min(this.#interval * SPREAD, (total / SAMPLES_PER_SECOND) * 1000);
    /** Parts that have not been appended whole. */
    let missing = ready.length + 1;
    const onAppended = (): void => {
      if (--missing === 0) this.#arrival?.expect(this.#moments.next(timestamp));
    };
    const results: Promise<PromiseSettledResult<number>[]>[] = [];
    const add = (result: Promise<number>): void => void results.push(Promise.allSettled([result]));
    add(this.#self.emit(timestamp, this.#isUp(ready)));
    onAppended();
    let before = 0;
    for (const state of ready) {
      const start = before;
      const { size } = state.series;
      const pace = (done: number): Promise<void> => this.#pace(begun + (spread * (start + done * size)) / total);
      add(state.series.emit(timestamp, { silent: this.#outdated.has(state), pace, onAppended }));
      before += size;
      // The next resource goes on while this one becomes durable.
      if (before < total && size > 0) await pace(1);
      if (this.#stopping.signal.aborted) break;
    }
    const settled = (await Promise.all(results)).flat();
    const samples = settled.reduce((sum, result) => sum + (result.status === 'fulfilled' ? result.value : 0), 0);
    const failure = settled.find((result) => result.status === 'rejected');
    const duration = this.#clock.elapsed() - begun;
    this.#last = { timestamp, duration, samples };
    this.#metrics.samples.inc({ cluster: cluster.name }, samples);
    this.#metrics.duration.observe({ cluster: cluster.name }, duration / 1000);
    this.#metrics.emissions.inc({ cluster: cluster.name, result: failure === undefined ? 'stored' : 'refused' });
    if (failure !== undefined && !this.#stopping.signal.aborted && this.#mayLog('refused')) {
      logger.error({ cluster: cluster.name, err: failure.reason }, 'state metrics are not stored');
    }
  }

  #speaks(): boolean {
    return this.#options.speaks?.() ?? true;
  }

  /** Waits until it is this time, and lets others have their turn in any case. */
  async #pace(due: number): Promise<void> {
    const left = due - this.#clock.elapsed();
    if (left > 1) await wait(this.#clock, left, this.#stopping.signal);
    else await nextTurn();
  }

  /** Whether what is told is what there is. */
  #isUp(ready: readonly ResourceState[]): boolean {
    return ready.length > 0 && this.#outdated.size < ready.length;
  }

  #noteAge(state: ResourceState, isOutdated: boolean): void {
    if (isOutdated === this.#outdated.has(state)) return;
    const { cluster, logger, maxAge = DEFAULT_MAX_AGE } = this.#options;
    const about = { cluster: cluster.name, resource: state.selected.resource };
    if (isOutdated) {
      this.#outdated.add(state);
      logger.warn(
        { ...about, currentAt: new Date(state.currentAt).toISOString() },
        `no state metrics are told any more: the cache has not been known to be current for ${maxAge / 1000} s`,
      );
    } else {
      this.#outdated.delete(state);
      logger.info(about, 'state metrics are told again: the cache is current');
    }
  }

  #noteFailure(resource: string, object: KubeObject, error: unknown): void {
    const { cluster, logger } = this.#options;
    this.#metrics.failures.inc({ cluster: cluster.name, resource });
    if (!this.#mayLog(resource)) return;
    const { namespace, name } = object.metadata;
    logger.warn(
      { cluster: cluster.name, resource, namespace, name, err: error },
      'no state metrics can be told of an object',
    );
  }

  #mayLog(what: string): boolean {
    const now = this.#clock.elapsed();
    if (now - (this.#logged.get(what) ?? Number.NEGATIVE_INFINITY) < LOG_PAUSE) return false;
    this.#logged.set(what, now);
    return true;
  }

  /** Works on what has changed, in slices. */
  #wake(): void {
    if (this.#isWorking) return;
    this.#isWorking = true;
    void this.#work();
  }

  async #work(): Promise<void> {
    await nextTurn();
    while (!this.#stopping.signal.aborted) {
      const state = this.#states.find(({ hasWork }) => hasWork);
      if (state === undefined) break;
      state.work(performance.now() + SLICE);
      await nextTurn();
    }
    this.#isWorking = false;
    this.#scheduleEnding();
  }

  /** Objects that are gone: their series end soon, not only at the next emission. */
  #scheduleEnding(): void {
    if (this.#cancelEnding !== undefined || this.#stopping.signal.aborted) return;
    this.#cancelEnding = this.#clock.schedule(END_DELAY, () => {
      this.#cancelEnding = undefined;
      this.#ending = this.#endGone();
    });
  }

  async #endGone(): Promise<void> {
    const now = this.#clock.now();
    for (const state of this.#states) {
      const slots = state.takeEnded();
      // What is refused here is said by the next emission.
      if (slots.length > 0) await state.series.end(slots, now).catch(() => 0);
    }
  }

  async #end(markStale: boolean): Promise<void> {
    this.#stopping.abort(new Error('state metrics are not told any more'));
    this.#cancelEnding?.();
    await this.#running;
    await this.#ending;
    if (markStale) await this.#endAll();
    for (const state of this.#states) state.close();
    this.#arrival?.close();
    this.#self.close();
    this.#forget();
  }

  async #endAll(): Promise<void> {
    const { logger, cluster } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const now = this.#clock.now();
      const all = [this.#self.end(now), ...this.#states.map(({ series }) => series.emit(now, { silent: true }))];
      const failure = (await Promise.allSettled(all)).find((result) => result.status === 'rejected');
      if (failure === undefined) return;
      if (attempt === END_ATTEMPTS) {
        logger.error({ cluster: cluster.name, err: failure.reason }, 'the end of state metrics was not stored');
        return;
      }
      await new Promise<void>((resolve) => this.#clock.schedule(END_PAUSE, resolve));
    }
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
