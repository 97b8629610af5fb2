import { amount } from '../quantity.ts';

/** How a workload behaves. */
export type ProfileName =
  /** Serves requests: CPU and network follow them. */
  | 'web'
  /** The same, and never gives memory back: it is killed at its limit sooner or later. */
  | 'leak'
  /** Takes work from a queue: slower waves. */
  | 'worker'
  /** Works at full load until it is done. */
  | 'batch'
  /** Reads and writes a disk; its page cache warms up. */
  | 'database'
  /** Keeps data in memory, which fills after a start. */
  | 'cache'
  /** Trains or infers on GPUs. */
  | 'gpu'
  /** Always the same. */
  | 'steady';

/** Read from a pod's annotations; a pod without them is `steady`. */
export interface Profile {
  readonly name: ProfileName;
  /** Of the whole workload at the busiest time of a working day. */
  readonly requestsPerSecond: number;
  /** What one replica serves with the CPU that it requests. */
  readonly requestsPerReplica: number;
  /** Of a batch: how long it takes. Milliseconds. */
  readonly duration: number;
  /** Of a batch: the share of runs that fail. */
  readonly failures: number;
  /** Of a leak: from start to limit. Milliseconds. */
  readonly leakTime: number;
  /** Length of the waves in which users come, beside the hours of the day. Milliseconds; 0 for none. */
  readonly wave: number;
}

/** Annotations of pods and pod templates that tell the simulation what to play. */
export const ANNOTATION = {
  profile: 'simulation/profile',
  requestsPerSecond: 'simulation/requests-per-second',
  requestsPerReplica: 'simulation/requests-per-replica',
  duration: 'simulation/duration-seconds',
  failures: 'simulation/failures',
  leakTime: 'simulation/leak-seconds',
  wave: 'simulation/wave-seconds',
} as const;

const NAMES: ReadonlySet<string> = new Set([
  'web',
  'leak',
  'worker',
  'batch',
  'database',
  'cache',
  'gpu',
  'steady',
] satisfies ProfileName[]);

/** What is not there or makes no sense has its default: users write annotations. */
export function profileOf(annotations: Readonly<Record<string, string>> | undefined): Profile {
  const number = (key: string, otherwise: number) => {
    const value = Number(annotations?.[key] ?? Number.NaN);
    return Number.isFinite(value) && value >= 0 ? value : otherwise;
  };
  const name = annotations?.[ANNOTATION.profile];
  return {
    name: name !== undefined && NAMES.has(name) ? (name as ProfileName) : 'steady',
    requestsPerSecond: number(ANNOTATION.requestsPerSecond, 0),
    requestsPerReplica: Math.max(1, number(ANNOTATION.requestsPerReplica, 50)),
    duration: 1000 * number(ANNOTATION.duration, 120),
    failures: number(ANNOTATION.failures, 0),
    leakTime: 1000 * Math.max(60, number(ANNOTATION.leakTime, 6 * 3600)),
    wave: 1000 * number(ANNOTATION.wave, 0),
  };
}

/** Requests or limits of a container, in cores and bytes. */
export function resourcesOf(quantities: Readonly<Record<string, string | number>> | undefined): {
  readonly cpu: number | undefined;
  readonly memory: number | undefined;
  readonly gpus: number;
} {
  return {
    cpu: amount(quantities?.cpu),
    memory: amount(quantities?.memory),
    gpus: amount(quantities?.['nvidia.com/gpu']) ?? 0,
  };
}
