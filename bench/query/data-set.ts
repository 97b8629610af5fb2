/**
 * What the query benchmark asks about: the series of a Kubernetes cluster, as Prometheus gets them from the kubelets of
 * 100 nodes. Per pod two CPU counters (a container and its sidecar), the working set's bytes, a load average and one series
 * more, which is one thing or another: so of 10,000 series 4,000 are CPU counters, 2,000 memory gauges and 4,000 others.
 *
 * All is pseudo-random with a fixed seed: the same options give the same samples, whoever asks.
 */
import { hash } from '../hash.ts';

/** The size of a data set. `interval` and `hours` are in their own units. */
export interface DataSetOptions {
  readonly series: number;
  readonly hours: number;
  /** Seconds between two samples of a series. */
  readonly interval: number;
  /** Time of the last samples, a multiple of the interval; Unix ms. */
  readonly end: number;
}

/** The metrics that the benchmark's queries name. */
export const CPU = 'container_cpu_usage_seconds_total';
export const MEMORY = 'container_memory_working_set_bytes';
export const LOAD = 'container_cpu_load_average_10s';

/** How many series a pod has; the last pod of a data set may have fewer. */
export const SERIES_PER_POD = 5;

/** How many nodes the pods are spread over. */
export const NODES = 100;

type Kind = 'cpu' | 'memory' | 'load' | 'traffic' | 'requests' | 'ratio';

interface Family {
  readonly name: string;
  readonly kind: Kind;
}

const TRAFFIC: Family = { name: 'container_network_receive_bytes_total', kind: 'traffic' };
const REQUESTS: Family = { name: 'http_server_requests_total', kind: 'requests' };
const RATIO: Family = { name: 'process_heap_used_ratio', kind: 'ratio' };

/** What the last series of a pod is, by the pod's number. */
const LAST_OF_POD: readonly Family[] = [TRAFFIC, REQUESTS, TRAFFIC, RATIO];

const FIRST_OF_POD: readonly Family[] = [
  { name: CPU, kind: 'cpu' },
  { name: CPU, kind: 'cpu' },
  { name: MEMORY, kind: 'memory' },
  { name: LOAD, kind: 'load' },
];

/** The names of all metrics. */
export const METRICS: readonly string[] = [
  ...new Set([...FIRST_OF_POD, TRAFFIC, REQUESTS, RATIO].map(({ name }) => name)),
];

const PAGE = 4096;
const NAMESPACES = 20;
/** A container restarts once in so many samples, in the mean: every second one within a day at 15 s. */
const SAMPLES_PER_RESTART = 12_000;

/** The series of a data set and their samples, each series' one after the other. */
export class DataSet {
  readonly options: DataSetOptions;
  /** Samples of each series. */
  readonly ticks: number;
  readonly #kinds: Kind[] = [];
  /** The series' random generators. */
  readonly #random: Int32Array;
  /** What each series has come to, in the unit of its last decimal. */
  readonly #level: Float64Array;
  /** The size about which it moves. */
  readonly #scale: Float64Array;

  constructor(options: DataSetOptions) {
    const { series, hours, interval, end } = options;
    const step = interval * 1000;
    if (!Number.isSafeInteger(step)) throw new RangeError(`interval must be whole milliseconds, got ${interval} s`);
    if (end % step !== 0) throw new RangeError(`end must be a multiple of the interval, got ${end}`);
    this.options = options;
    this.ticks = Math.floor((hours * 3_600_000) / step);
    this.#random = new Int32Array(series);
    this.#level = new Float64Array(series);
    this.#scale = new Float64Array(series);
    for (let index = 0; index < series; index++) {
      const { kind } = familyOf(index);
      this.#kinds.push(kind);
      // Xorshift must not start at 0.
      this.#random[index] = hash(index, 1) | 1;
      const size = 0.1 + 1.8 * (hash(index, 2) / 2 ** 32);
      this.#scale[index] = SIZES[kind] * size;
      this.#level[index] = startLevel(kind, this.#scale[index]!, hash(index, 3) / 2 ** 32);
    }
  }

  /** Samples of all series. */
  get samples(): number {
    return this.ticks * this.options.series;
  }

  /** When the sample with this number is taken, the first being 0; Unix ms. */
  timestamp(tick: number): number {
    return this.options.end - (this.ticks - 1 - tick) * this.options.interval * 1000;
  }

  /** Writes the series' next `count` values to `out` from `at` on. The first call gives the values from tick 0 on. */
  next(index: number, count: number, { out, at }: { readonly out: Float64Array; readonly at: number }): void {
    const kind = this.#kinds[index]!;
    const scale = this.#scale[index]!;
    const { interval } = this.options;
    let random = this.#random[index]!;
    let level = this.#level[index]!;
    for (let i = 0; i < count; i++) {
      random ^= random << 13;
      random ^= random >>> 17;
      random ^= random << 5;
      // Two numbers from the bits of one.
      const share = (random >>> 8) / 2 ** 24;
      const low = random & 0xff;
      switch (kind) {
        case 'cpu':
          level = share < 1 / SAMPLES_PER_RESTART ? 0 : level + Math.round(scale * interval * (0.4 + 1.2 * share));
          out[at + i] = level / 1e6;
          break;
        case 'traffic':
        case 'requests':
          level = share < 1 / SAMPLES_PER_RESTART ? 0 : level + Math.round(scale * interval * 2 * share);
          out[at + i] = level;
          break;
        case 'memory':
          // Two of three samples move, by some pages, and are drawn back to the size of the container.
          if (low < 170) level += Math.round((share - 0.5) * 200 + (scale - level) * 0.002);
          out[at + i] = Math.max(level, 1) * PAGE;
          break;
        case 'load':
          level += Math.round((share - 0.5) * 30 + (scale - level) * 0.05);
          out[at + i] = Math.max(level, 0) / 100;
          break;
        case 'ratio':
          // All bits of the double: what an application computes and nobody rounds.
          level += (share - 0.5) * 0.05 + (scale - level) * 0.02;
          out[at + i] = Math.min(Math.max(level, 0), 1);
          break;
        default:
          kind satisfies never;
      }
    }
    this.#random[index] = random;
    this.#level[index] = level;
  }
}

/** Typical sizes in the unit of a level: microseconds per second, pages, hundredths, units per second. */
const SIZES: Readonly<Record<Kind, number>> = {
  cpu: 150_000,
  memory: 60_000,
  load: 120,
  traffic: 20_000,
  requests: 12,
  ratio: 0.4,
};

/** Where a series stands at its first sample: counters have run for up to ten days. */
function startLevel(kind: Kind, scale: number, random: number): number {
  const counter = kind === 'cpu' || kind === 'traffic' || kind === 'requests';
  if (counter) return Math.round(scale * random * 864_000);
  return kind === 'ratio' ? scale : Math.round(scale);
}

function familyOf(index: number): Family {
  const pod = Math.floor(index / SERIES_PER_POD);
  return FIRST_OF_POD[index % SERIES_PER_POD] ?? LAST_OF_POD[pod % LAST_OF_POD.length]!;
}

/** The name of the pod with this number. */
export function podName(pod: number): string {
  return `${WORKLOADS[pod % WORKLOADS.length]!}-${hex(pod, 4).slice(0, 10)}-${hex(pod, 5).slice(0, 5)}`;
}

/** The name of the node with this number. */
export function nodeName(node: number): string {
  return `node-${String(node).padStart(3, '0')}`;
}

/** The labels of a series, sorted by name, the metric's name among them. */
export function labelsOf(index: number): readonly (readonly [name: string, value: string])[] {
  const pod = Math.floor(index / SERIES_PER_POD);
  const node = hash(pod, 8) % NODES;
  const workload = WORKLOADS[pod % WORKLOADS.length]!;
  const sidecar = index % SERIES_PER_POD === 1;
  const container = hex(pod * 2 + (sidecar ? 1 : 0), 6) + hex(pod * 2 + (sidecar ? 1 : 0), 7);
  return [
    ['__name__', familyOf(index).name],
    ['cluster', 'production-eu'],
    ['container', sidecar ? 'envoy' : workload],
    ['endpoint', 'https-metrics'],
    ['id', `/kubepods.slice/kubepods-burstable-pod${hex(pod, 9)}.slice/cri-containerd-${container}.scope`],
    ['image', sidecar ? 'registry.example.com/mesh/envoy:1.31' : `registry.example.com/shop/${workload}:2.${pod % 40}`],
    ['instance', `10.0.${node}.1:10250`],
    ['job', 'kubelet'],
    ['metrics_path', '/metrics/cadvisor'],
    ['name', container],
    ['namespace', `team-${String(hash(pod, 10) % NAMESPACES).padStart(2, '0')}`],
    ['node', nodeName(node)],
    ['pod', podName(pod)],
  ];
}

const WORKLOADS = ['checkout-api', 'cart-worker', 'payment-gateway', 'search-indexer', 'frontend-web', 'mail-sender'];

/** 32 hexadecimal digits. */
function hex(a: number, b: number): string {
  return [0, 1, 2, 3].map((part) => hash(hash(a, b), part).toString(16).padStart(8, '0')).join('');
}
