import { getJson } from '../../api/get-json.ts';
import { queryInstant } from '../../api/query-instant.ts';

/** What the server says of itself, as its parts of the API answer. */
export interface ServerStatus {
  readonly build: { readonly version: string; readonly pharosVersion?: string };
  readonly runtime: {
    readonly startTime: string;
    readonly hostname: string;
    readonly reloadConfigSuccess: boolean;
    readonly lastConfigTime: string;
    readonly GOMAXPROCS: number;
    readonly GOMEMLIMIT: number;
    readonly storageRetention: string;
    readonly nodeVersion: string;
  };
  readonly flags: Readonly<Record<string, string>>;
  /** YAML, without secrets. */
  readonly config: string;
  readonly clusters: readonly ClusterStatus[];
  /** Of Pharos' own metrics, when it scrapes itself; why they cannot be read when that is so. */
  readonly processes: readonly ProcessStatus[] | Error;
}

export interface ClusterStatus {
  readonly name: string;
  readonly server: string;
  readonly isLeader: boolean;
  readonly scrapeInterval: string;
  readonly scrapePools: readonly string[];
  readonly stateMetrics: { readonly objects: number; readonly series: number } | null;
  readonly catalogue: {
    readonly nodes: number;
    readonly pods: number;
    readonly containers: number;
    readonly series: number;
  } | null;
  readonly operatorObjects: readonly {
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly state: string;
    readonly problem: string;
  }[];
}

/** A process of Pharos; what is not stored of it is undefined. */
export interface ProcessStatus {
  readonly instance: string;
  readonly role: string;
  readonly version: string;
  /** Bytes. */
  readonly memory: number | undefined;
  /** Cores. */
  readonly cpu: number | undefined;
  readonly running: number | undefined;
  readonly waiting: number | undefined;
  readonly leader: boolean | undefined;
}

const MEASURES = {
  memory: 'process_resident_memory_bytes and on (job, instance) pharos_build_info',
  cpu: 'rate(process_cpu_seconds_total[2m]) and on (job, instance) pharos_build_info',
  running: 'pharos_queries_running',
  waiting: 'pharos_queries_waiting',
  leader: 'pharos_alerting_leader',
} as const;

/** All of it. Rejects when the server does not answer; that its processes' metrics cannot be read is no failure. */
export async function loadStatus(signal: AbortSignal): Promise<ServerStatus> {
  const get = <T>(path: string) => getJson<T>(`/api/v1/${path}`, { signal });
  const [build, runtime, flags, { yaml }, clusters, processes] = await Promise.all([
    get<ServerStatus['build']>('status/buildinfo'),
    get<ServerStatus['runtime']>('status/runtimeinfo'),
    get<ServerStatus['flags']>('status/flags'),
    get<{ readonly yaml: string }>('status/config'),
    get<ServerStatus['clusters']>('kubernetes/clusters'),
    loadProcesses(signal).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error)))),
  ]);
  return { build, runtime, flags, config: yaml, clusters, processes };
}

async function loadProcesses(signal: AbortSignal): Promise<ProcessStatus[]> {
  const [found, ...measured] = await Promise.all(
    ['pharos_build_info', ...Object.values(MEASURES)].map((query) => queryInstant(query, { signal })),
  );
  const key = ({ job = '', instance = '' }: Readonly<Record<string, string>>) => `${job}\0${instance}`;
  const maps = measured.map((samples) => new Map(samples.map(({ labels, value }) => [key(labels), value])));
  return (found ?? []).map(({ labels }) => {
    const [memory, cpu, running, waiting, leader] = maps.map((values) => values.get(key(labels)));
    return {
      instance: labels.instance ?? '',
      role: labels.role ?? '',
      version: labels.version ?? '',
      ...{ memory, cpu, running, waiting },
      leader: leader === undefined ? undefined : leader === 1,
    };
  });
}
