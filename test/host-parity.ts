/**
 * The built-in host metrics beside node_exporter, through a running server, to be run by hand after a build:
 *
 *     node dist/test/host-parity.js --seconds 300
 *
 * starts node_exporter and Pharos; or, with --url, asks a server that already scrapes both, as job="node" (built in) and
 * job="node_exporter". For every family that both have, series by series: the rate of counters and the average of gauges
 * over the window. A family's difference is the sum of the differences of its series against the sum of their values, so
 * that differences cannot cancel out. Exits 1 when one is over 2 %.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Children, untilReady } from '../bench/children.ts';
import { findProgram, freePort } from '../bench/contenders/contender.ts';
import { startPharosServer } from '../bench/contenders/pharos.ts';
import { type InstantSeries, instantQuery } from '../bench/prometheus-api.ts';
import { formatTable } from '../cli/table.ts';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    seconds: { type: 'string', default: '300' },
    interval: { type: 'string', default: '1' },
    'node-exporter': { type: 'string' },
    ours: { type: 'string', default: 'node' },
    theirs: { type: 'string', default: 'node_exporter' },
  },
});

const LIMIT = 0.02;

/**
 * Families that are compared and shown but not judged: what they tell is over before the second reader has looked, or
 * differs because two different programs look.
 */
const NOT_JUDGED: readonly (readonly [families: RegExp, reason: string])[] = [
  [/^node_scrape_collector_/, 'each tells of its own work'],
  [/^node_exporter_build_info$/, 'each tells of itself'],
  [/^node_(procs_running|procs_blocked|disk_io_now|udp_queues|softnet_backlog_len)$/, 'lasts microseconds'],
];

/**
 * A series may differ by this much: one unit of what it counts, or what one moment between the two readings makes. A value
 * that is 0 most of the time has no meaningful percentage.
 */
function floorOf(family: string, counter: boolean): number {
  if (counter) {
    // Per second: 1 ms of time, 100 bytes, or one event in a hundred seconds.
    if (/_seconds_total$/.test(family)) return 0.001;
    return /_bytes_total$|Octets$/.test(family) ? 100 : 0.01;
  }
  if (/HugePages_bytes$/.test(family)) return 2 * 1024 * 1024;
  if (/_bytes$/.test(family)) return 4096;
  if (/^node_load/.test(family)) return 0.01;
  return /^node_(sockstat_|filefd_allocated|netstat_Tcp_CurrEstab|arp_entries|nf_conntrack_entries)/.test(family)
    ? 1
    : 0;
}

interface Compared {
  readonly family: string;
  readonly counter: boolean;
  readonly series: number;
  readonly ours: number;
  readonly theirs: number;
  /** Sum of the series' differences over the larger of the sums of their absolute values. */
  readonly difference: number;
  /** Whether that is no more than the floor of each series. */
  readonly within: boolean;
  readonly reason: string | undefined;
}

async function compare(url: string, seconds: number): Promise<Compared[]> {
  const time = Date.now();
  const types = await metricTypes(url);
  const selector = `job=~"${values.ours}|${values.theirs}",__name__=~"node_.+"`;
  const names = new Set<string>();
  for (const { labels } of await instantQuery(url, `count by (__name__) ({${selector}})`, { time }))
    names.add(labels.__name__ ?? '');
  const compared: Compared[] = [];
  for (const family of [...names].sort()) {
    const type = types.get(family) ?? 'unknown';
    // node_exporter calls the counters of vmstat and netstat untyped, except a few that are gauges.
    const untyped = /^node_(vmstat|netstat)_/.test(family) && !/_(CurrEstab|Forwarding)$/.test(family);
    const counter = type === 'counter' || untyped;
    const over = counter ? 'rate' : 'avg_over_time';
    const series = await instantQuery(url, `${over}(${family}{job=~"${values.ours}|${values.theirs}"}[${seconds}s])`, {
      time,
    });
    const one = compareFamily(family, counter, series);
    if (one !== undefined) compared.push(one);
  }
  return compared;
}

function compareFamily(family: string, counter: boolean, series: readonly InstantSeries[]): Compared | undefined {
  const ours = byLabels(series, values.ours);
  const theirs = byLabels(series, values.theirs);
  let [count, sumOurs, sumTheirs, apart, size] = [0, 0, 0, 0, 0];
  for (const [key, mine] of ours) {
    const other = theirs.get(key);
    if (other === undefined) continue;
    count++;
    sumOurs += mine;
    sumTheirs += other;
    apart += Math.abs(mine - other);
    size += Math.max(Math.abs(mine), Math.abs(other));
  }
  if (count === 0) return undefined;
  const difference = apart === 0 ? 0 : apart / size;
  const within = apart <= floorOf(family, counter) * count;
  const reason = NOT_JUDGED.find(([families]) => families.test(family))?.[1];
  return { family, counter, series: count, ours: sumOurs, theirs: sumTheirs, difference, within, reason };
}

function byLabels(series: readonly InstantSeries[], job: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const { labels, value } of series) {
    if (labels.job !== job) continue;
    const { job: _job, instance: _instance, __name__: _name, ...rest } = labels;
    found.set(JSON.stringify(Object.entries(rest).sort()), value);
  }
  return found;
}

async function metricTypes(url: string): Promise<Map<string, string>> {
  const response = await fetch(`${url}/api/v1/metadata`, { signal: AbortSignal.timeout(60_000) });
  const answer = (await response.json()) as { data: Record<string, { type: string }[]> };
  return new Map(Object.entries(answer.data).map(([family, [first]]) => [family, first?.type ?? 'unknown']));
}

function print(compared: readonly Compared[]): boolean {
  const number = (value: number) => (Number.isInteger(value) ? String(value) : value.toPrecision(6));
  const rows = compared.map(({ family, counter, series, ours, theirs, difference, within, reason }) => [
    family,
    counter ? 'rate' : 'average',
    String(series),
    number(ours),
    number(theirs),
    (100 * difference).toFixed(3),
    reason !== undefined
      ? `not judged: ${reason}`
      : difference <= LIMIT
        ? ''
        : within
          ? 'less than one unit'
          : 'OVER 2 %',
  ]);
  console.log(formatTable(['family', 'of', 'series', 'ours', 'theirs', 'difference %', ''], rows));
  const judged = compared.filter(({ reason }) => reason === undefined);
  const over = judged.filter(({ difference, within }) => difference > LIMIT && !within);
  console.log(
    `\n${compared.length} families in common, ${judged.length} judged, ${over.length} over 2 %` +
      (over.length === 0 ? '' : `: ${over.map(({ family }) => family).join(', ')}`),
  );
  return judged.length > 0 && over.length === 0;
}

/** Starts both and a server that scrapes them at the same interval. */
async function startBoth(children: Children, directory: string): Promise<string> {
  const program = findProgram(
    values['node-exporter'] === undefined ? ['prometheus-node-exporter', 'node_exporter'] : [values['node-exporter']],
  );
  if (program === undefined) throw new Error('node_exporter is not installed; give --node-exporter PATH');
  const exporterPort = await freePort();
  const exporterLog = join(directory, 'exporter.log');
  const exporter = children.start('node_exporter', [program, `--web.listen-address=127.0.0.1:${exporterPort}`], {
    log: exporterLog,
  });
  await untilReady(exporter, `http://127.0.0.1:${exporterPort}/metrics`, { timeout: 20_000, log: exporterLog });
  const config = join(directory, 'pharos.yml');
  writeFileSync(
    config,
    `global: { scrape_interval: ${values.interval}s, scrape_timeout: ${values.interval}s }\n` +
      `host_metrics: { enabled: true, interval: ${values.interval}s, job: ${values.ours} }\n` +
      `scrape_configs:\n  - job_name: ${values.theirs}\n    static_configs: [{ targets: ['127.0.0.1:${exporterPort}'] }]\n`,
  );
  const port = await freePort();
  const dataDir = join(directory, 'data');
  await startPharosServer({ children, config, dataDir, log: join(directory, 'pharos.log'), port });
  return `http://127.0.0.1:${port}`;
}

const seconds = Number(values.seconds);
if (!(seconds >= 10)) throw new Error(`--seconds must be 10 or more, got ${values.seconds}`);
const directory = mkdtempSync(join(tmpdir(), 'pharos-parity-'));
const children = new Children(directory);
try {
  const url = values.url ?? (await startBoth(children, directory));
  console.log(`comparing job="${values.ours}" with job="${values.theirs}" at ${url} over ${seconds} s`);
  // A little longer than the window, so that it is full.
  await new Promise((resolve) => setTimeout(resolve, (seconds + 3 * Number(values.interval)) * 1000));
  process.exitCode = print(await compare(url, seconds)) ? 0 : 1;
} finally {
  await children.stopAll();
  rmSync(directory, { recursive: true, force: true });
}
