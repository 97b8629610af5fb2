/**
 * Rules side by side: Pharos and Prometheus scrape the same farm and evaluate the same rules at the same interval. What rules cost
 * is the processor time with them less the time without them, in the same process minutes apart; so a quiet machine is needed for
 * numbers that mean something. Then, on Pharos alone, policies besides, and an alert that fires for thousands of series at once.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { formatTable } from '../../cli/table.ts';
import { Children } from '../children.ts';
import { type Contender, scrapeConfig } from '../contenders/contender.ts';
import { findContenders } from '../contenders/find-contenders.ts';
import { startFarm } from '../farm.ts';
import { machineShare, machineTimes } from '../machine-share.ts';
import { processUsage } from '../process-usage.ts';
import { ownMetrics } from './own-metrics.ts';
import { policyMix } from './policy-mix.ts';
import { ruleMix, rulesIn } from './rule-mix.ts';
import { startWebhookCounter, type WebhookCounter } from './webhook-counter.ts';

/** What to measure. Times are seconds. */
export interface AlertingBenchOptions {
  readonly series: number;
  readonly rules: number;
  readonly policies: number;
  /** Series that an alert is to fire for at once, about; 0 leaves that out. */
  readonly burst: number;
  readonly interval: number;
  /** Before anything is measured: the longest windows of the rules fill. */
  readonly warm: number;
  /** How long each part is measured. */
  readonly duration: number;
  /** A directory of PrometheusRule objects of which every fourth rule is taken; it may be missing. */
  readonly corpus: string;
  readonly prometheus: string;
  readonly contenders: readonly string[];
}

const SERIES_OF_TARGET = 2000;
/** After a reload the first evaluations are spread, and plans are made. */
const SETTLE_ROUNDS = 3;

interface Part {
  readonly cpu: number;
  readonly seconds: number;
}

interface Measured {
  readonly name: string;
  readonly base: Part;
  readonly rules: Part;
  /** Of the last evaluations of all groups, in seconds. */
  readonly wall: number;
  readonly failures: number;
  readonly storeReads: number | undefined;
  readonly bytes: number;
}

/** Runs the benchmark and prints its tables. Resolves with whether all was evaluated and told. */
export async function runAlertingBench(options: AlertingBenchOptions, print: (line: string) => void): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), 'pharos-alerting-'));
  const children = new Children(directory);
  const webhooks = await startWebhookCounter();
  try {
    return await run({ options, print, directory, children, webhooks });
  } finally {
    webhooks.close();
    await children.stopAll();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface Setting {
  readonly options: AlertingBenchOptions;
  readonly print: (line: string) => void;
  readonly directory: string;
  readonly children: Children;
  readonly webhooks: WebhookCounter;
}

async function run(setting: Setting): Promise<boolean> {
  const { options, print, directory, children, webhooks } = setting;
  const { interval, rules, series } = options;
  const targets = Math.max(1, Math.round(series / SERIES_OF_TARGET));
  const others = rulesIn(options.corpus);
  const groups = ruleMix(rules, { interval, nodes: targets, others });
  const taken = Math.min(others.length, Math.floor(rules / 4));
  print(
    `${targets * SERIES_OF_TARGET} series every ${interval} s; ${rules} rules in ${groups.length} groups` +
      (taken === 0 ? '' : `, ${taken} of them from ${options.corpus}`),
  );
  const farm = await startFarm(
    children,
    { targets, series: SERIES_OF_TARGET, interval, lifetime: 0, encoding: 'identity', port: 0 },
    join(directory, 'farm.log'),
  );
  const running: { readonly contender: Contender; readonly rulesFile: string; readonly own: string }[] = [];
  const starts = findContenders(
    { prometheus: options.prometheus, victoria: '' },
    { wanted: options.contenders.filter((name) => name !== 'victoria-metrics'), print },
  );
  for (const [name, start] of starts) {
    const own = join(directory, name);
    mkdirSync(own);
    const rulesFile = join(own, 'rules.yml');
    writeFileSync(rulesFile, 'groups: []\n');
    const scrape = scrapeConfig({ reader: name, port: farm.port, targets, interval });
    const config = `${scrape}rule_files: ['${rulesFile}']\n${name === 'pharos' ? pharosConfig(own, webhooks.url) : ''}`;
    if (name === 'pharos') writeFileSync(join(own, 'policies.yml'), 'policies: []\n');
    const args = name === 'prometheus' ? ['--web.enable-lifecycle'] : [];
    running.push({ contender: await start({ children, directory: own, config, args }), rulesFile, own });
  }
  print(`warming up for ${options.warm} s`);
  await sleep(options.warm);
  const base = await measure(running, options, print);
  for (const { contender, rulesFile } of running) {
    writeFileSync(rulesFile, stringify({ groups }));
    await reload(contender);
  }
  await sleep(SETTLE_ROUNDS * interval);
  const before = await Promise.all(running.map(({ contender }) => ownMetrics(contender.url)));
  const withRules = await measure(running, options, print);
  const measured: Measured[] = [];
  for (const [i, { contender }] of running.entries()) {
    const after = await ownMetrics(contender.url);
    measured.push({
      name: contender.name,
      base: base[i]!,
      rules: withRules[i]!,
      wall: after.groupSeconds,
      failures: after.failures - before[i]!.failures,
      storeReads: after.storeReads === undefined ? undefined : after.storeReads - (before[i]!.storeReads ?? 0),
      bytes: processUsage(contender.child.pid).peakBytes,
    });
  }
  print(report(measured, options));
  const pharos = running.find(({ contender }) => contender.name === 'pharos');
  let complete = measured.every(({ failures }) => failures === 0);
  for (const { contender } of running) if (contender !== pharos?.contender) await children.stop(contender.child);
  if (pharos !== undefined && options.policies > 0) {
    writeFileSync(join(pharos.own, 'policies.yml'), policyMix(options.policies));
    await reload(pharos.contender);
    await sleep(SETTLE_ROUNDS * interval);
    const [part] = await measure([pharos], options, print);
    const own = measured.find(({ name }) => name === 'pharos')!;
    const perRound = (perSecond(part!) - perSecond(own.rules)) * interval;
    print(`${options.policies} policies besides: ${perRound.toFixed(3)} CPU s per ${interval} s`);
  }
  if (pharos !== undefined && options.burst > 0) complete = (await burst(pharos, setting)) && complete;
  return complete;
}

/** Lets an alert fire for very many series at once. */
async function burst(
  { contender, rulesFile }: { readonly contender: Contender; readonly rulesFile: string },
  { options, print, webhooks }: Setting,
): Promise<boolean> {
  const { interval } = options;
  const metrics = ['threads', 'sockets', 'processes', 'file_descriptors', 'memory_rss', 'memory_cache'];
  const all = Math.floor((options.series / 48) * metrics.length);
  const rules = metrics.map((metric) => ({ alert: `Burst_${metric}`, expr: `container_${metric} >= 0` }));
  // Each in a group of its own: the groups' times are spread over the interval.
  const groups = [{ name: 'burst', interval: `${interval}s`, rules }];
  writeFileSync(rulesFile, stringify({ groups }));
  const began = Date.now();
  await reload(contender);
  const wanted = Math.min(options.burst, all);
  const deadline = began + 120_000;
  while (webhooks.count('Burst').alerts < wanted && Date.now() < deadline) await sleep(0.2);
  const { alerts, last } = webhooks.count('Burst');
  print(
    `${alerts} alerts at once: the last webhook ${((last - began) / 1000).toFixed(1)} s after the rules were loaded ` +
      '(of which up to 5 s until they are first evaluated, and 1 s of group_wait)',
  );
  if (alerts < wanted) print(`FAILED: wanted ${wanted} alerts within 120 s`);
  return alerts >= wanted;
}

function pharosConfig(own: string, url: string): string {
  return `policy_files: ['${join(own, 'policies.yml')}']
builtin_rules: false
notification:
  group_by: [alertname, node]
  group_wait: 1s
  group_interval: 5s
  receivers:
    - name: counter
      webhook_configs: [{url: '${url}'}]
`;
}

async function reload({ url }: Contender): Promise<void> {
  const response = await fetch(`${url}/-/reload`, { method: 'POST', signal: AbortSignal.timeout(60_000) });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`the configuration cannot be reloaded: ${text}`);
}

async function measure(
  running: readonly { readonly contender: Contender }[],
  options: AlertingBenchOptions,
  print: (line: string) => void,
): Promise<Part[]> {
  const read = () => running.map(({ contender }) => processUsage(contender.child.pid).cpuSeconds);
  const machine = machineTimes();
  const begun = performance.now();
  const before = read();
  await sleep(options.duration);
  const after = read();
  const seconds = (performance.now() - begun) / 1000;
  const { busy } = machineShare(machine, machineTimes());
  print(`measured ${seconds.toFixed(0)} s, the machine was ${busy.toFixed(0)} % busy`);
  return before.map((cpu, i) => ({ cpu: after[i]! - cpu, seconds }));
}

function perSecond({ cpu, seconds }: Part): number {
  return cpu / seconds;
}

function report(measured: readonly Measured[], { interval, rules, duration }: AlertingBenchOptions): string {
  const rounds = duration / interval;
  const costs = measured.map(({ base, rules: part }) => (perSecond(part) - perSecond(base)) * interval);
  const rows = measured.map(({ name, base, wall, failures, storeReads, bytes }, i) => [
    name,
    (perSecond(base) * interval).toFixed(2),
    costs[i]!.toFixed(3),
    ((costs[i]! / rules) * 1000).toFixed(3),
    (costs[i]! / costs.at(-1)!).toFixed(2),
    (wall * 1000).toFixed(0),
    storeReads === undefined ? '-' : (storeReads / rounds).toFixed(1),
    String(failures),
    (bytes / 2 ** 20).toFixed(0),
  ]);
  const columns = ['', 'CPU s a round without rules', 'of rules', 'ms a rule', 'ratio', 'wall ms a round'];
  return formatTable([...columns, 'store queries a round', 'failed', 'peak MiB'], rows);
}

function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
