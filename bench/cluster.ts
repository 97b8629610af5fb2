/**
 * Pharos on a simulated cluster of any size, both as processes on this machine: how long until everything is seen for the
 * first time, and then the processor time, memory and samples of monitoring it.
 *
 * The simulated kubelets and their API server share the machine with Pharos, so their own cost is told beside it.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatTable } from '../cli/table.ts';
import { Children } from './children.ts';
import { freePort } from './contenders/contender.ts';
import { startPharosServer } from './contenders/pharos.ts';
import { machineShare, machineTimes } from './machine-share.ts';
import { processUsage } from './process-usage.ts';
import { instantQuery } from './prometheus-api.ts';

export interface ClusterBenchOptions {
  readonly nodes: number;
  readonly pods: number;
  /** Seconds between two scrapes. */
  readonly interval: number;
  /** Seconds that are measured, after the first complete view. */
  readonly duration: number;
  /** Seconds that the first complete view may take. */
  readonly patience: number;
  /** Only this part of the targets, as `--shard` says. */
  readonly shard?: string;
}

const MIB = 2 ** 20;

export async function runClusterBench(options: ClusterBenchOptions, print: (line: string) => void): Promise<boolean> {
  const scratch = mkdtempSync(join(tmpdir(), 'pharos-cluster-'));
  const children = new Children(scratch);
  try {
    return await measure(options, { scratch, children, print });
  } finally {
    await children.stopAll();
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function measure(
  options: ClusterBenchOptions,
  { scratch, children, print }: { scratch: string; children: Children; print: (line: string) => void },
): Promise<boolean> {
  const { nodes, pods, interval, duration, patience, shard } = options;
  const kubeconfig = join(scratch, 'kubeconfig');
  const simulator = children.start(
    'the simulated cluster',
    [
      process.execPath,
      '--max-old-space-size=6144',
      join(import.meta.dirname, '../test/simulator/run-simulator.js'),
      ...['--nodes', String(nodes), '--pods', String(pods), '--cheap', '--kubeconfig', kubeconfig],
    ],
    { log: join(scratch, 'simulator.log'), stdout: 'pipe' },
  );
  let said = '';
  simulator.process.stdout!.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await until(() => said.includes('\n'), { what: 'the simulated cluster to be ready', seconds: 300 });
  print(`simulated: ${nodes} nodes, ${pods} pods, ${mib(residentBytes(simulator.pid))} MiB resident`);

  const config = join(scratch, 'pharos.yml');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  writeFileSync(
    config,
    `kubernetes:
  scrape_interval: ${interval}s
  clusters:
    - {name: bench, kubeconfig_file: ${JSON.stringify(kubeconfig)}}
scrape_configs:
  - job_name: pharos
    scrape_interval: 5s
    scrape_timeout: 4s
    static_configs: [{targets: ['127.0.0.1:${port}']}]
`,
  );
  const started = Date.now();
  const pharos = await startPharosServer({
    children,
    config,
    dataDir: join(scratch, 'data'),
    log: join(scratch, 'pharos.log'),
    port,
    args: shard === undefined ? [] : ['--shard', shard],
  });
  const parts = shard === undefined ? 1 : Number(shard.split('/')[1]);
  const ready = Date.now() - started;
  const complete = await firstView(url, { nodes, pods: pods / parts, patience, started });
  print(
    formatTable(
      ['first seen', 'after s'],
      [
        ['ready', seconds(ready)],
        ...[...complete].map(([what, milliseconds]) => [
          what,
          milliseconds === undefined ? 'never' : seconds(milliseconds),
        ]),
      ],
    ),
  );

  const machine = machineTimes();
  const before = processUsage(pharos.pid);
  const beside = processUsage(simulator.pid);
  const from = Date.now();
  const missedBefore = await total(url, 'sum(pharos_scrape_missed_total)');
  let resident = 0;
  let worst = 0;
  while (Date.now() - from < duration * 1000) {
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const bytes = residentBytes(pharos.pid);
    worst = Math.max(worst, bytes);
    resident = bytes;
  }
  const elapsed = (Date.now() - from) / 1000;
  const after = processUsage(pharos.pid);
  const besideAfter = processUsage(simulator.pid);
  const { busy, steal } = machineShare(machine, machineTimes());
  const window = `${Math.floor(elapsed)}s`;
  const rate = (metric: string): Promise<number> => total(url, `sum(rate(${metric}[${window}]))`);
  const scraped = await rate('pharos_scrape_samples_total');
  const stored = await rate('pharos_storage_samples_appended_total');
  const series = await total(url, 'max(pharos_storage_active_series)');
  const objects = await instantQuery(url, 'sum by (resource) (pharos_kubernetes_objects)');
  const cpu = (after.cpuSeconds - before.cpuSeconds) / elapsed;
  print(
    formatTable(
      ['steady', 'value'],
      [
        ['CPU, cores', cpu.toFixed(2)],
        ['resident MiB, now', mib(resident)],
        ['resident MiB, most', mib(Math.max(worst, after.peakBytes))],
        ['of it mapped files', mib(after.fileBytes)],
        ['samples/s scraped', scraped.toFixed(0)],
        ['samples/s stored', stored.toFixed(0)],
        ['CPU s per million stored', ((cpu / stored) * 1e6).toFixed(2)],
        ['series', series.toFixed(0)],
        ['objects watched', String(objects.reduce((sum, { value }) => sum + value, 0))],
        ['scrapes missed', String((await total(url, 'sum(pharos_scrape_missed_total)')) - missedBefore)],
        ['targets up', String(await total(url, 'count(up == 1)'))],
        ['targets down', String(await total(url, 'count(up == 0)'))],
        ['k8s_pod_cpu_core_used', String(await total(url, 'count(k8s_pod_cpu_core_used)'))],
        ["simulated cluster's CPU, cores", ((besideAfter.cpuSeconds - beside.cpuSeconds) / elapsed).toFixed(2)],
        ["simulated cluster's MiB", mib(residentBytes(simulator.pid))],
        ['machine busy, %', busy.toFixed(0)],
        ['stolen, %', steal.toFixed(0)],
      ],
    ),
  );
  const errors = readFileSync(join(scratch, 'pharos.log'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('"level":50'));
  if (errors.length > 0) print(`${errors.length} errors in the log, the first: ${errors[0]!.slice(0, 400)}`);
  return [...complete.values()].every((value) => value !== undefined);
}

/** When each kind of thing was there as a whole for the first time, milliseconds after the start. */
async function firstView(
  url: string,
  { nodes, pods, patience, started }: { nodes: number; pods: number; patience: number; started: number },
): Promise<Map<string, number | undefined>> {
  // Pods come and go, some are never started, and shards are not equal to the last pod.
  const most = pods * 0.9;
  const wanted: readonly (readonly [what: string, query: string, count: number])[] = [
    ['every node, kube_node_info', 'count(kube_node_info)', (nodes * 0.9 * pods) / Math.max(pods, 1)],
    ['every pod, kube_pod_info', 'count(kube_pod_info)', most],
    ['every pod, cAdvisor', 'count(count by (namespace, pod) (container_memory_usage_bytes{pod!=""}))', most],
    ['every pod, k8s_pod_cpu_core_used', 'count(k8s_pod_cpu_core_used)', most],
    ['the cluster, k8s_cluster_cpu_core_used', 'count(k8s_cluster_cpu_core_used)', 1],
  ];
  const seen = new Map<string, number | undefined>(wanted.map(([what]) => [what, undefined]));
  while (Date.now() - started < patience * 1000 && [...seen.values()].includes(undefined)) {
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    for (const [what, query, count] of wanted) {
      if (seen.get(what) !== undefined) continue;
      const found = await total(url, query).catch(() => 0);
      if (found < count) break;
      seen.set(what, Date.now() - started);
    }
  }
  return seen;
}

async function total(url: string, query: string): Promise<number> {
  const [found] = await instantQuery(url, query, { timeout: 60_000 });
  return found?.value ?? 0;
}

async function until(holds: () => boolean, { what, seconds: limit }: { what: string; seconds: number }): Promise<void> {
  for (const end = Date.now() + limit * 1000; !holds(); ) {
    if (Date.now() > end) throw new Error(`waited ${limit} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function residentBytes(pid: number): number {
  const [, kilobytes = '0'] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return Number(kilobytes) * 1024;
}

const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(1);
const mib = (bytes: number): string => (bytes / MIB).toFixed(0);
