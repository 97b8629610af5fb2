/**
 * What evaluating policies costs by itself: the engine over made-up samples that are in memory already, in stepped time. What reading
 * them and being told of alerts cost is the matter of the benchmark `alerting`.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import pino from 'pino';
import { Registry } from 'prom-client';
import { createPolicyEngine } from '../../alerting/policies/policy-engine.ts';
import type { ReadSamples, SampleReader, SampleRequest } from '../../alerting/sample-reader.ts';
import { formatTable } from '../../cli/table.ts';
import { Labels } from '../../storage/labels.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import { syntheticPolicies } from './synthetic-policies.ts';

/** What to measure. Times are seconds. */
export interface PolicyRoundsOptions {
  readonly policies: number;
  readonly series: number;
  /** Series of one metric. */
  readonly objects: number;
  /** Between samples. */
  readonly interval: number;
  /** Of most policies; some have five times that. */
  readonly period: number;
  /** Part of the objects that breaches a threshold, about. */
  readonly breached: number;
  readonly rounds: number;
}

const START = Date.UTC(2026, 0, 1);
/** Samples of a series at most that one request asks for. */
const MOST_SAMPLES = 400;

/** Runs the benchmark and prints a table. */
export async function runPolicyRounds(options: PolicyRoundsOptions, print: (line: string) => void): Promise<void> {
  const metrics = Array.from({ length: Math.ceil(options.series / options.objects) }, (_, m) => ({
    metric: `k8s_pod_made_up_${m}`,
    level: 'pod' as const,
    low: 0,
    high: 100,
  }));
  const samples = new MadeUpSamples(
    metrics.map(({ metric }) => metric),
    options,
  );
  const clock = new BenchClock();
  const { alertLog } = createMemoryStorage();
  let alerts = 0;
  const engine = createPolicyEngine({
    read: samples.read,
    appender: { acquire: () => 0, release() {}, append: async () => {}, describe() {} },
    alertLog,
    arrival: async () => 'arrived',
    logger: pino({ level: 'warn' }),
    registry: new Registry(),
    externalLabels: {},
    externalUrl: '',
    metricInfo: () => ({ unit: '%', help: 'A made-up metric' }),
    notify: (told) => {
      alerts = told.length;
    },
    clock,
  });
  engine.apply(
    syntheticPolicies(options.policies, metrics, { period: options.period * 1000, breached: options.breached }),
  );
  const rounds: { cpu: number; wall: number; requests: number }[] = [];
  const measure = async (run: () => void): Promise<void> => {
    samples.requests = 0;
    const [begun, before] = [performance.now(), process.cpuUsage()];
    run();
    await clock.idle();
    const used = process.cpuUsage(before);
    rounds.push({ cpu: (used.user + used.system) / 1000, wall: performance.now() - begun, requests: samples.requests });
  };
  await measure(() => engine.start());
  for (let round = 0; round < options.rounds; round++) await measure(() => clock.next());
  const snapshots = engine.snapshots();
  const evaluated = snapshots.reduce((sum, { objects }) => sum + objects, 0);
  const failed = snapshots.filter(({ health }) => health !== 'ok').length;
  await engine.stop();
  const [first, ...others] = rounds;
  const median = (of: 'cpu' | 'wall'): number =>
    others.map((round) => round[of]).sort((a, b) => a - b)[others.length >> 1]!;
  print(
    `${options.policies} policies over ${options.series} series: ${evaluated} objects of policies, ${alerts} alerts, ${failed} failed`,
  );
  print(
    formatTable(
      ['', 'CPU ms', 'ms', 'requests'],
      [
        ['the first round', first!.cpu.toFixed(0), first!.wall.toFixed(0), String(first!.requests)],
        ['median of the others', median('cpu').toFixed(0), median('wall').toFixed(0), String(others.at(-1)!.requests)],
      ],
    ),
  );
}

/** Samples of all objects at each interval, made when they are asked for. */
class MadeUpSamples {
  requests = 0;
  readonly #step: number;
  readonly #series = new Map<string, readonly Labels[]>();
  readonly #values = new Map<string, Float64Array>();
  readonly #timestamps: Float64Array;
  readonly #columns: Float64Array;
  readonly #stale: Uint8Array;

  constructor(metrics: readonly string[], { objects, interval }: PolicyRoundsOptions) {
    this.#step = interval * 1000;
    this.#timestamps = new Float64Array(objects * MOST_SAMPLES);
    this.#columns = new Float64Array(objects * MOST_SAMPLES);
    this.#stale = new Uint8Array(objects * MOST_SAMPLES);
    let seed = 1;
    const random = (): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
      return seed / 0x7fffffff;
    };
    for (const metric of metrics) {
      const labels = Array.from({ length: objects }, (_, o) => podLabels(metric, o));
      this.#series.set(metric, labels);
      this.#values.set(
        metric,
        Float64Array.from(labels, () => random() * 100),
      );
    }
  }

  readonly read: SampleReader = async (requests, take) => {
    this.requests += requests.length;
    for (const [i, request] of requests.entries()) take(i, this.#answer(request));
  };

  #answer({ metric, from, to }: SampleRequest): ReadSamples {
    const series = this.#series.get(metric);
    if (series === undefined) return { series: [], locate() {} };
    const step = this.#step;
    const first = Math.floor(from / step) + 1;
    const count = Math.min(MOST_SAMPLES, Math.floor(to / step) - first + 1);
    const values = this.#values.get(metric)!;
    const [timestamps, columns, stale] = [this.#timestamps, this.#columns, this.#stale];
    for (let object = 0, row = 0; object < values.length; object++) {
      for (let k = 0; k < count; k++, row++) {
        timestamps[row] = (first + k) * step;
        columns[row] = values[object]! + ((first + k + object) % 7) * 0.01;
      }
    }
    return {
      series,
      locate(index, rows) {
        rows.timestamps = timestamps;
        rows.values = columns;
        rows.stale = stale;
        rows.from = index * count;
        rows.to = (index + 1) * count;
      },
    };
  }
}

function podLabels(metric: string, object: number): Labels {
  return Labels.from({
    __name__: metric,
    cluster: 'bench',
    namespace: `ns-${object % 40}`,
    workload_kind: 'Deployment',
    workload_name: `app-${object % 200}`,
    pod: `app-${object % 200}-${object}`,
    node: `node-${object % 50}`,
    node_role: '',
  });
}

/** Time that goes on to the next call when it is told to. */
class BenchClock {
  #now = START;
  readonly #calls = new Set<{ readonly at: number; readonly call: () => void }>();

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return performance.now();
  }

  schedule(milliseconds: number, call: () => void): () => void {
    const entry = { at: this.#now + milliseconds, call };
    this.#calls.add(entry);
    return () => this.#calls.delete(entry);
  }

  /** Makes the next call. */
  next(): void {
    const [entry] = [...this.#calls].sort((a, b) => a.at - b.at);
    if (entry === undefined) return;
    this.#calls.delete(entry);
    this.#now = Math.max(this.#now, entry.at);
    entry.call();
  }

  /** Resolves when something waits for the time to go on. */
  async idle(): Promise<void> {
    do await nextTurn();
    while (this.#calls.size === 0);
  }
}
