import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Child, Children } from '../../../bench/children.ts';
import { freePort } from '../../../bench/contenders/contender.ts';
import { startPharosServer } from '../../../bench/contenders/pharos.ts';
import { type InstantSeries, instantQuery } from '../../../bench/prometheus-api.ts';
import { selfSigned } from '../../../simulator/api/self-signed.ts';
import { type Simulator, startSimulator } from '../../../simulator/simulator.ts';
import { ClusterHistory } from './cluster-history.ts';
import { ServerLog } from './server-log.ts';

export interface FaultBedOptions {
  readonly children: Children;
  readonly directory: string;
  readonly nodes: number;
  readonly pods: number;
  readonly seed: number;
  /** Milliseconds between two scrapes. */
  readonly interval: number;
  /** Milliseconds that a busy machine may add to what takes a scrape or two. */
  readonly slack: number;
}

/**
 * One simulated cluster that a server monitors twice: as cluster `direct` it asks the kubelets itself, as `proxy` it goes
 * through the API server. The token of `direct` is in a file that its kubeconfig names, that of `proxy` in the kubeconfig.
 */
export const CLUSTERS = ['direct', 'proxy'] as const;
export type ClusterName = (typeof CLUSTERS)[number];

const GROUPS = ['system:masters'];

/** A simulator, which runs in this process, and a Pharos server beside it. */
export class FaultBed {
  readonly options: FaultBedOptions;
  readonly simulator: Simulator;
  readonly history: ClusterHistory;
  readonly log: ServerLog;
  readonly url: string;
  readonly #sqlUrl: string;
  readonly #server: Child;
  #hasEnded = false;
  readonly #tokens: Record<ClusterName, string>;

  /** Use `start`. */
  private constructor(
    options: FaultBedOptions,
    parts: {
      readonly simulator: Simulator;
      readonly tokens: Record<ClusterName, string>;
      readonly server: Child;
      readonly ports: { readonly http: number; readonly sql: number };
      readonly log: string;
    },
  ) {
    this.options = options;
    this.simulator = parts.simulator;
    this.#tokens = parts.tokens;
    this.#server = parts.server;
    this.url = `http://127.0.0.1:${parts.ports.http}`;
    this.#sqlUrl = `http://127.0.0.1:${parts.ports.sql}`;
    this.log = new ServerLog(parts.log);
    this.history = new ClusterHistory(parts.simulator, { settled: 4 * options.interval + options.slack });
    void this.#server.exited.then(() => {
      this.#hasEnded = true;
    });
  }

  /** Resolves when the server answers. */
  static async start(options: FaultBedOptions): Promise<FaultBed> {
    const { children, directory, nodes, pods, seed, interval } = options;
    const tokens = { direct: 'direct-1', proxy: 'proxy-1' };
    const user = 'system:serviceaccount:monitoring:pharos';
    const simulator = await startSimulator({
      nodes,
      pods,
      seed,
      kubeletListeners: nodes,
      tls: selfSigned(),
      step: 2_000,
      housekeeping: 1_000,
      tokens: Object.values(tokens).map((token) => ({ token, user, groups: GROUPS })),
    });
    try {
      writeAccess(directory, simulator, tokens);
      const config = join(directory, 'pharos.yml');
      writeFileSync(config, configOf(directory, interval));
      const dataDir = join(directory, 'data');
      mkdirSync(dataDir);
      const log = join(directory, 'pharos.log');
      const ports = { http: await freePort(), sql: await freePort() };
      const args = ['--clickhouse-http', `127.0.0.1:${ports.sql}`];
      const server = await startPharosServer({ children, config, dataDir, log, port: ports.http, args });
      return new FaultBed(options, { simulator, tokens, server, ports, log });
    } catch (error) {
      await simulator.close();
      throw error;
    }
  }

  get isRunning(): boolean {
    return !this.#hasEnded;
  }

  get pid(): number {
    return this.#server.pid;
  }

  query(query: string, time = Date.now()): Promise<InstantSeries[]> {
    return instantQuery(this.url, query, { time, timeout: 60_000 });
  }

  /** The value of a query that yields one series; undefined for none. */
  async value(query: string, time = Date.now()): Promise<number | undefined> {
    return (await this.query(query, time))[0]?.value;
  }

  /** Rows of a SELECT on the store. */
  async sql<T>(statement: string): Promise<T[]> {
    const answer = await fetch(`${this.#sqlUrl}/?default_format=JSONEachRow`, {
      method: 'POST',
      body: statement,
      signal: AbortSignal.timeout(60_000),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${statement}: ${text.slice(0, 300)}`);
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as T);
  }

  /** A sum over the series of one of the server's own metrics. */
  async ownMetric(name: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`, { signal: AbortSignal.timeout(30_000) })).text();
    let sum = 0;
    for (const [, value] of text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))) sum += Number(value);
    return sum;
  }

  /** Looks every half second until it holds; the milliseconds that took, or undefined when the time is over. */
  async until(holds: () => Promise<boolean>, timeout: number): Promise<number | undefined> {
    const begun = Date.now();
    while (Date.now() - begun < timeout) {
      if (await holds()) return Date.now() - begun;
      await sleep(500);
    }
    return undefined;
  }

  /** Whether the server's present view is the cluster: pods by the API server, and kubelets that answer. */
  async isCurrent(): Promise<boolean> {
    for (const cluster of CLUSTERS) {
      const uids = await this.query(`group by (uid) (kube_pod_info{cluster="${cluster}"})`);
      const known = this.history.pods.open;
      if (uids.length !== known.size || uids.some(({ labels }) => !known.has(labels.uid ?? ''))) return false;
      const up = await this.query(`up{cluster="${cluster}",metrics_path="/metrics/cadvisor"} == 1`);
      if (up.length !== [...this.history.nodes.open.keys()].length) return false;
    }
    return true;
  }

  /** A node of no special kind that is there and runs something. */
  aWorker(): string {
    const name = [...this.history.nodes.open.keys()].find((node) => node.startsWith('worker-'));
    if (name === undefined) throw new Error('the cluster has no worker node; give it more nodes');
    return name;
  }

  /** Waits until everything that was taken can be asked for. */
  settle(): Promise<void> {
    return sleep(2 * this.options.interval + this.options.slack);
  }

  /** Bytes resident of the server's process: all, and what is no file. */
  memory(): { readonly all: number; readonly anonymous: number } {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    const bytes = (field: string): number =>
      Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
    return { all: bytes('VmRSS'), anonymous: bytes('RssAnon') };
  }

  /** Sockets that the server's process has open. */
  sockets(): number {
    let sockets = 0;
    for (const fd of readdirSync(`/proc/${this.pid}/fd`)) {
      try {
        if (readlinkSync(`/proc/${this.pid}/fd/${fd}`).startsWith('socket:')) sockets++;
      } catch {
        // Closed meanwhile.
      }
    }
    return sockets;
  }

  /** The token that a cluster's access shows is not accepted any more. */
  expireToken(cluster: ClusterName): void {
    this.simulator.api.expireToken(this.#tokens[cluster]);
  }

  /** Gives a cluster's user another token, and writes it to where the server's access finds it. */
  renewToken(cluster: ClusterName): void {
    const token = `${cluster}-${Date.now()}`;
    this.simulator.api.addToken({ token, user: 'system:serviceaccount:monitoring:pharos', groups: GROUPS });
    this.#tokens[cluster] = token;
    writeAccess(this.options.directory, this.simulator, this.#tokens);
  }

  async close(): Promise<void> {
    this.history.close();
    await this.options.children.stop(this.#server);
    await this.simulator.close();
  }
}

function configOf(directory: string, interval: number): string {
  const clusters = CLUSTERS.map(
    (name) => `    - {name: ${name}, kubeconfig_file: ${join(directory, `${name}.kubeconfig`)}, node_access: ${name}}`,
  );
  // What is not a kubelet has addresses that lead nowhere when it is not asked through the API server.
  return `host_metrics: {enabled: false}
builtin_rules: false
kubernetes:
  scrape_interval: ${interval}ms
  scrape_timeout: ${interval}ms
  clusters:
${clusters.join('\n')}
  scrape: {api_server: false, control_plane: false, node_exporter: false, gpu_exporter: false}
`;
}

function writeAccess(directory: string, { url, api }: Simulator, tokens: Record<ClusterName, string>): void {
  const authority = Buffer.from(api.ca ?? '').toString('base64');
  const tokenFile = join(directory, 'direct.token');
  writeFileSync(tokenFile, tokens.direct);
  const users = { direct: `tokenFile: ${tokenFile}`, proxy: `token: ${tokens.proxy}` };
  for (const name of CLUSTERS) {
    writeFileSync(
      join(directory, `${name}.kubeconfig`),
      `apiVersion: v1
kind: Config
current-context: ${name}
clusters: [{name: c, cluster: {server: "${url}", certificate-authority-data: ${authority}}}]
users: [{name: u, user: {${users[name]}}}]
contexts: [{name: ${name}, context: {cluster: c, user: u}}]
`,
      { mode: 0o600 },
    );
  }
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)));
}
