/**
 * What answering autoscalers from memory costs: bytes for each row beyond its labels, the CPU time of an evaluation and of a question.
 * Objects and values are made up; what reading them from the store costs is the matter of the benchmark `autoscaling`.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import pino from 'pino';
import { Registry } from 'prom-client';
import { Answers } from '../../alerting/autoscaling/answers/answers.ts';
import { EVERYTHING, type LabelSelector } from '../../alerting/autoscaling/label-selector.ts';
import type { ObjectQuestion } from '../../alerting/autoscaling/metrics-provider.ts';
import type { KnownPod, ObjectDirectory } from '../../alerting/autoscaling/object-directory.ts';
import type { DescribedObject, Evaluation, ServedMetric } from '../../alerting/autoscaling/served-metric.ts';
import { formatTable } from '../../cli/table.ts';
import type { Clock } from '../../clock/clock.ts';
import { Labels } from '../../storage/labels.ts';

export interface AnswerMemoryOptions {
  readonly pods: number;
  /** Pods that a question is about. */
  readonly replicas: number;
  readonly metrics: number;
  /** Evaluations of each metric. */
  readonly rounds: number;
  /** Part of the pods that is replaced between two evaluations. */
  readonly churn: number;
  /** Whether the last good values are kept too. */
  readonly hold: boolean;
}

const START = Date.UTC(2026, 0, 1);
const INTERVAL = 15_000;
const QUESTIONS = 5000;
const NEVER = new AbortController().signal;

/** Runs the benchmark and prints a table. */
export async function runAnswerMemory(options: AnswerMemoryOptions, print: (line: string) => void): Promise<void> {
  const { pods, replicas, metrics: count, rounds } = options;
  const clock = new BenchClock();
  const table = new PodTable(options);
  const metrics = Array.from({ length: count }, (_, i) => new PodMetric(`k8s_pod_made_up_${i}`, table, options.hold));
  // Labels are the store's; they are made before anything is measured.
  for (const metric of metrics) metric.prepare();
  const before = memory();
  const answers = new Answers({
    directory: table,
    clock,
    logger: pino({ level: 'warn' }),
    registry: new Registry(),
    interval: INTERVAL,
  });
  answers.setMetrics('bench', metrics);
  const question = (workload: number, metric: ServedMetric): ObjectQuestion => ({
    resource: 'pods',
    namespace: table.namespaceOf(workload),
    name: undefined,
    selector: [{ key: 'app', operator: 'In', values: [`workload-${workload}`] }],
    metric: metric.name,
    metricSelector: EVERYTHING,
  });
  answers.start();
  for (const metric of metrics) await answers.objects(question(0, metric), NEVER);
  const bytes = memory() - before;

  const evaluations: number[] = [];
  const firsts: number[] = [];
  for (let round = 0; round < rounds; round++) {
    table.replace(options.churn);
    for (const metric of metrics) metric.prepare();
    const cpu = process.cpuUsage();
    await clock.advance(INTERVAL);
    evaluations.push(milliseconds(cpu) / count);
    // The index is made when somebody asks.
    const asked = process.cpuUsage();
    for (const metric of metrics) await answers.objects(question(0, metric), NEVER);
    firsts.push(milliseconds(asked) / count);
  }

  const workloads = Math.floor(pods / replicas);
  const times: number[] = [];
  let values = 0;
  const cpu = process.cpuUsage();
  for (let i = 0; i < QUESTIONS; i++) {
    const begun = performance.now();
    const answer = await answers.objects(question((i * 7919) % workloads, metrics[i % count]!), NEVER);
    times.push(performance.now() - begun);
    values += answer.length;
  }
  const cost = milliseconds(cpu) / QUESTIONS;
  answers.stop();
  if (values !== QUESTIONS * replicas) throw new Error(`${values} values were answered, not ${QUESTIONS * replicas}`);
  times.sort((a, b) => a - b);
  const rows = pods * count;
  print(
    `${pods} pods x ${count} metrics, ${replicas} pods a question, ${(options.churn * 100).toFixed(1)} % replaced a round`,
  );
  print(
    formatTable(
      ['', ''],
      [
        ['memory beyond labels, MiB', (bytes / 2 ** 20).toFixed(1)],
        ['  bytes a row', (bytes / rows).toFixed(1)],
        ['CPU of taking an evaluation, ms, median', median(evaluations).toFixed(1)],
        ['CPU of the first question after it, ms, median', median(firsts).toFixed(1)],
        ['CPU of a question, µs', (cost * 1000).toFixed(0)],
        ['a question, p50, µs', (times[times.length >> 1]! * 1000).toFixed(0)],
        ['a question, p99, µs', (times[Math.floor(times.length * 0.99)]! * 1000).toFixed(0)],
      ],
    ),
  );
}

/** Pods of workloads, of which some are replaced now and then. */
class PodTable implements ObjectDirectory {
  readonly all: KnownPod[];
  readonly #replicas: number;
  #replaced = 0;
  #next = 0;

  constructor({ pods, replicas }: AnswerMemoryOptions) {
    this.#replicas = replicas;
    this.all = Array.from({ length: Math.floor(pods / replicas) * replicas }, (_, i) => this.#create(i));
  }

  namespaceOf(workload: number): string {
    return `namespace-${workload % 50}`;
  }

  replace(part: number): void {
    for (let n = Math.round(this.all.length * part); n > 0; n--) {
      this.#next = (this.#next + 7919) % this.all.length;
      this.#replaced++;
      this.all[this.#next] = this.#create(this.#next);
    }
  }

  knows(): boolean {
    return true;
  }

  select(_: string, namespace: string, selector: LabelSelector): readonly KnownPod[] {
    return this.pods(namespace, selector);
  }

  get(): undefined {
    return undefined;
  }

  pods(_: string, selector: LabelSelector): readonly KnownPod[] {
    const workload = Number(selector[0]!.values[0]!.slice('workload-'.length));
    return this.all.slice(workload * this.#replicas, (workload + 1) * this.#replicas);
  }

  pod(): undefined {
    return undefined;
  }

  #create(index: number): KnownPod {
    const workload = Math.floor(index / this.#replicas);
    return {
      namespace: this.namespaceOf(workload),
      name: `workload-${workload}-7d4b9c6f5d-${index.toString(36)}${this.#replaced.toString(36)}`,
      labels: { app: `workload-${workload}` },
      created: 0,
      node: `node-${index % 1000}`,
      running: [],
    };
  }
}

/** A value of each pod. Labels are new where a pod is. */
class PodMetric implements ServedMetric {
  readonly name: string;
  readonly api = 'custom';
  readonly resources = ['pods'];
  readonly window = 120_000;
  readonly freshness = 90_000;
  readonly hold: number;
  readonly namespace = undefined;
  readonly selectsInside = false;
  readonly newestCounts = true;
  readonly origin = 'the benchmark';
  readonly #table: PodTable;
  #pods: KnownPod[] = [];
  #labels: readonly Labels[] = [];

  constructor(name: string, table: PodTable, holds: boolean) {
    this.name = name;
    this.hold = holds ? 60_000 : 0;
    this.#table = table;
  }

  prepare(): void {
    const pods = this.#table.all;
    if (pods.length === this.#pods.length && pods.every((pod, row) => pod === this.#pods[row])) return;
    this.#labels = pods.map((pod, row) => (pod === this.#pods[row] ? this.#labels[row]! : this.#labelsOf(pod)));
    this.#pods = [...pods];
  }

  objectOf(labels: Labels): DescribedObject {
    return { namespace: labels.get('namespace'), name: labels.get('pod') };
  }

  async evaluate({ at }: { readonly at: number }): Promise<Evaluation> {
    const labels = this.#labels;
    const values = new Float64Array(labels.length);
    for (let row = 0; row < labels.length; row++) values[row] = row + 0.5;
    return { labels, values, timestamps: new Float64Array(labels.length).fill(at), doubts: new Map() };
  }

  #labelsOf({ namespace, name, node }: KnownPod): Labels {
    const workload = { workload_kind: 'Deployment', workload_name: name.slice(0, name.indexOf('-7d4b')) };
    return Labels.from({ __name__: this.name, cluster: 'bench', namespace, node, pod: name, ...workload });
  }
}

/** Time goes on when the benchmark says so. */
class BenchClock implements Clock {
  #time = 0;
  readonly #calls = new Map<() => void, number>();

  now(): number {
    return START + this.#time;
  }

  elapsed(): number {
    return this.#time;
  }

  schedule(wait: number, call: () => void): () => void {
    const entry = (): void => call();
    this.#calls.set(entry, this.#time + wait);
    return () => this.#calls.delete(entry);
  }

  async advance(wait: number): Promise<void> {
    this.#time += wait;
    for (const [call, at] of [...this.#calls]) if (at <= this.#time && this.#calls.delete(call)) call();
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Bytes in use after a collection. */
function memory(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 3; i++) collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function milliseconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
