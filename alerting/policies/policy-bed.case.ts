import pino from 'pino';
import { Registry } from 'prom-client';
import type { AlertEvent } from '../../storage/alert-log.ts';
import { Labels } from '../../storage/labels.ts';
import { Matcher } from '../../storage/matcher.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import { readSamples } from '../../storage/read-samples.ts';
import type { Storage } from '../../storage/storage.ts';
import type { NotifiableAlert } from '../notifiable-alert.ts';
import { createQuerierReader } from '../querier-reader.ts';
import type { SampleReader } from '../sample-reader.ts';
import { SteppedClock } from '../stepped-clock.case.ts';
import type { AlertPolicy, Condition } from './policy.ts';
import { createPolicyEngine, type PolicyEngine } from './policy-engine.ts';
import type { ObjectSnapshot } from './policy-status.ts';

export const MINUTE = 60_000;
export const START = Date.UTC(2026, 2, 2, 12);
export const NONE = new AbortController().signal;
export const POD = {
  cluster: 'c',
  namespace: 'shop',
  workload_kind: 'Deployment',
  workload_name: 'cart',
  pod: 'cart-1',
  node: 'n1',
};
export const METRIC = 'k8s_pod_rate_cpu_core_used_limit';

/** A policy with the defaults of files. */
export function policy(
  parts: Partial<Omit<AlertPolicy, 'conditions'>> & { conditions?: readonly Partial<Condition>[] } = {},
): AlertPolicy {
  return {
    id: 'p',
    name: 'PodCpu',
    description: '',
    enabled: true,
    level: 'pod',
    objects: { include: {}, exclude: {} },
    union: 'any',
    noData: { mode: 'keep', after: 10 * MINUTE, severity: 'warn' },
    overrides: [],
    notice: { receivers: [], groupBy: undefined, repeat: undefined },
    labels: {},
    annotations: {},
    source: 'api',
    ...parts,
    conditions: (parts.conditions ?? [{}]).map(condition),
  };
}

export function condition(parts: Partial<Condition> = {}): Condition {
  const periods = parts.periods ?? 1;
  return {
    metric: METRIC,
    period: MINUTE,
    statistic: 'avg',
    operator: 'gt',
    comparison: 'period',
    thresholds: { warn: 90 },
    recovery: {},
    outOf: periods,
    ...parts,
    periods,
  };
}

/** What a test remembers of a change: at which minute since the start, and to what. */
export type Step = readonly [minute: number, what: string];

export interface BedOptions {
  readonly storage?: Storage;
  readonly read?: (reader: SampleReader) => SampleReader;
  readonly arrival?: (time: number, clock: SteppedClock) => Promise<'arrived' | 'late'>;
  readonly clock?: SteppedClock;
}

/** A policy engine over the in-memory store, in stepped time. */
export class PolicyBed {
  readonly clock: SteppedClock;
  readonly storage: Storage;
  readonly rounds: (readonly NotifiableAlert[])[] = [];
  readonly requests: number[] = [];
  registry = new Registry();
  engine: PolicyEngine;
  readonly #options: BedOptions;
  #policies: readonly AlertPolicy[];

  constructor(policies: readonly AlertPolicy[], options: BedOptions = {}) {
    this.clock = options.clock ?? new SteppedClock(START);
    this.storage = options.storage ?? recordingStorage();
    this.#options = options;
    this.#policies = policies;
    this.engine = this.#create();
  }

  #create(): PolicyEngine {
    this.registry = new Registry();
    const reader = createQuerierReader(this.storage.querier);
    const counted: SampleReader = (requests, take, signal) => {
      this.requests.push(requests.length);
      return (this.#options.read?.(reader) ?? reader)(requests, take, signal);
    };
    const engine = createPolicyEngine({
      read: counted,
      appender: this.storage.appender,
      alertLog: this.storage.alertLog,
      arrival: async (time) => this.#options.arrival?.(time, this.clock) ?? 'arrived',
      logger: pino({ level: 'silent' }),
      registry: this.registry,
      externalLabels: { region: 'eu' },
      externalUrl: 'http://pharos',
      metricInfo: (metric) => (metric === METRIC ? { unit: '%', help: 'CPU in use, of its limit' } : undefined),
      notify: (alerts) => this.rounds.push(alerts),
      clock: this.clock,
    });
    engine.apply(this.#policies);
    return engine;
  }

  apply(policies: readonly AlertPolicy[]): void {
    this.#policies = policies;
    this.engine.apply(policies);
  }

  /** Stops, and begins anew as another process would. */
  async restart(): Promise<void> {
    await this.stop();
    this.engine = this.#create();
    this.engine.start();
    await this.clock.advance(0);
  }

  async stop(): Promise<void> {
    await this.engine.stop();
  }

  /** Appends samples at times of its own choosing; NaN is a stale marker. */
  async put(
    labels: Readonly<Record<string, string>>,
    samples: readonly (readonly [time: number, value: number])[],
  ): Promise<void> {
    const { appender } = this.storage;
    const ref = appender.acquire(Labels.from(labels));
    await appender.append({
      length: samples.length,
      refs: new Uint32Array(samples.length).fill(ref),
      timestamps: Float64Array.from(samples, ([time]) => time),
      values: Float64Array.from(samples, ([, value]) => value),
      stale: Uint8Array.from(samples, ([, value]) => (Number.isNaN(value) ? 1 : 0)),
    });
    appender.release([ref]);
  }

  /**
   * Goes on by a minute for each of the values, which are written four times in the minute; undefined: nothing is written, NaN: a
   * stale marker is.
   */
  async minutes(
    values: readonly (number | undefined)[],
    labels: Readonly<Record<string, string>> = { __name__: METRIC, ...POD },
  ): Promise<void> {
    for (const value of values) await this.minute(value === undefined ? [] : [[labels, value]]);
  }

  async minute(series: readonly (readonly [Readonly<Record<string, string>>, number])[]): Promise<void> {
    const begin = this.clock.now();
    for (const [labels, value] of series) {
      const times = Number.isNaN(value) ? [15_000] : [15_000, 30_000, 45_000, 60_000];
      await this.put(
        labels,
        times.map((time) => [begin + time, value] as const),
      );
    }
    await this.clock.advance(MINUTE);
  }

  /** The minute since the start. */
  get now(): number {
    return (this.clock.now() - START) / MINUTE;
  }

  /** What was told in the last round. */
  get told(): readonly NotifiableAlert[] {
    return this.rounds.at(-1) ?? [];
  }

  /** The object that is not fine, if there is one. */
  get object(): ObjectSnapshot | undefined {
    return this.engine.snapshots()[0]?.notFine[0];
  }

  /** Everything that the alert log says, in order: the minute of the period, the state and the severity. */
  async transitions(): Promise<Step[]> {
    const log: Step[] = [];
    for (const event of await allEvents(this.storage)) {
      const { at } = JSON.parse(event.annotations.get('evaluation')) as { at: number };
      log.push([(at - START) / MINUTE, `${event.state} ${event.annotations.get('severity')}`]);
    }
    return log;
  }

  /** What was written of a metric: labels, and minutes since the start. */
  async samples(metric: string): Promise<[Record<string, string>, (number | 'stale')[]][]> {
    const matchers = [new Matcher('__name__', '=', metric)];
    const set = await this.storage.querier.select({ matchers, start: START, end: this.clock.now() }, NONE);
    const rows = await readSamples(set);
    const found = set.series.map((labels, i): [Record<string, string>, (number | 'stale')[]] => [
      labels.with('__name__', '').toObject(),
      rows[i]!.map(({ timestamp, stale }) => (stale ? 'stale' : (timestamp - START) / MINUTE)),
    ]);
    return found.sort((a, b) => Number(a[1][0]) - Number(b[1][0]));
  }

  async metric(name: string): Promise<number> {
    const found = (await this.registry.getMetricsAsJSON()).find((metric) => metric.name === name);
    return (found?.values[0] as { value: number } | undefined)?.value ?? Number.NaN;
  }
}

/** A storage that keeps what its alert log was given. */
export function recordingStorage(storage = createMemoryStorage()): RecordingStorage {
  const events: AlertEvent[] = [];
  const { alertLog } = storage;
  const append = alertLog.append.bind(alertLog);
  alertLog.append = async (added) => {
    await append(added);
    events.push(...added);
  };
  return Object.assign(storage, { events });
}

type RecordingStorage = Storage & { readonly events: AlertEvent[] };

async function allEvents(storage: Storage) {
  if (!('events' in storage)) throw new Error('only of a recording storage');
  return (storage as RecordingStorage).events;
}

/** The labels of a pod's series. */
export function series(parts: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { __name__: METRIC, ...POD, ...parts };
}

/** A bed with one policy, at work. */
export async function started(parts: Parameters<typeof policy>[0] = {}, options: BedOptions = {}): Promise<PolicyBed> {
  const bed = new PolicyBed([policy(parts)], options);
  bed.engine.start();
  await bed.clock.advance(0);
  return bed;
}
