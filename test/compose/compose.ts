/**
 * What docker-compose.yml starts, as processes of this machine, to be run by hand after a build:
 *
 *     node dist/test/compose/compose.js [--keep]
 *
 * Commands, ports, environment, volumes, secrets and health checks are read from docker-compose.yml, the program consists of the files that the Dockerfile
 * copies, and the configuration is deploy/compose/pharos.yml with a target, a rule and a webhook added. Shows that a scrape reaches a
 * dashboard's query, the console is served and an alert reaches the webhook; then kills one service after the other (SIGKILL), starts
 * it again, and counts what was scraped, written and told. Exits 1 when something is lost or doubled. Takes about two minutes. Linux only.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { parse, stringify } from 'yaml';
import type { Children } from '../../bench/children.ts';
import { instantQuery } from '../../bench/prometheus-api.ts';
import { WebhookRecorder } from '../alerting/life/webhook-recorder.ts';
import { RemoteWriter } from '../remote-writer.ts';
import { say, toolRun } from '../tool-run.ts';
import { readComposeFile } from './compose-file.ts';
import { CountedTarget } from './counted-target.ts';
import { assembleImage, readImage } from './image.ts';
import { Topology } from './topology.ts';

const root = path.join(import.meta.dirname, '../../..');
const SCRAPES = 'compose_scrapes';
const WRITTEN = 'compose_written';
const NODES = 7;
const WRITTEN_SERIES = 20;
/** Scrapes served so shortly before the collector is killed need not be on its disk yet. */
const GRACE = 1_000;
/** How long a service is gone. */
const GONE = 3_000;
const RULES = 'test-rules.yml';
const ROUND_RULE = 'groups: [{ name: g, rules: [{ alert: Round, expr: compose_round == 1 }] }]\n';
const ROLES = ['collector', 'alerting', 'query'];

const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });
await toolRun({ name: 'pharos-compose', keep: values.keep, run });

async function run(children: Children, scratch: string): Promise<boolean> {
  const compose = readComposeFile(path.join(root, 'docker-compose.yml'));
  const image = readImage(root);
  const program = path.join(scratch, 'image');
  assembleImage(root, program, image);
  const [, ...entrypoint] = image.entrypoint;
  const version = execFileSync(process.execPath, [...entrypoint, '--version'], { cwd: program, encoding: 'utf8' });
  say(`the files of the image: pharos --version says ${version.trim()}, without the embedded engine ${size(program)}`);

  const webhook = new WebhookRecorder();
  const target = new CountedTarget(SCRAPES);
  const added = { target: await target.start(), hook: await webhook.start() };
  target.more = nodes();
  const topology = new Topology({
    root,
    compose,
    image,
    program,
    scratch,
    children,
    secrets: Object.fromEntries(Object.keys(compose.secrets).map((name) => [name, `${name}-${process.pid}`])),
    edit: (file, text) => (file === 'pharos.yml' ? underTest(text, added) : text),
  });
  for (const role of ROLES) writeFileSync(path.join(topology.directory(role, '/etc/pharos'), RULES), ROUND_RULE);
  const grafana = topology.environment('grafana');
  const url = grafana.PHAROS_URL!;
  const collectorUrl = topology.environment('query').PHAROS_COLLECTOR_URL!;
  const writer = new RemoteWriter(`${collectorUrl}/api/v1/write`, {
    metric: WRITTEN,
    series: WRITTEN_SERIES,
    interval: 250,
  });
  const wrong: string[] = [];
  const check = (holds: boolean, what: string): void => {
    say(`${holds ? 'good' : 'WRONG'}: ${what}`);
    if (!holds) wrong.push(what);
  };
  const rounds = new Set<string>();
  /** Has an alert of this round fire, and waits until the webhook is told. */
  const tellRound = async (round: string): Promise<void> => {
    rounds.add(round);
    target.more = nodes() + [...rounds].map((name) => `compose_round{round="${name}"} 1\n`).join('');
    const begun = Date.now();
    const told = await until(() => toldOf(webhook, round) > 0, 60_000);
    check(told, `the alert of ${round} reaches the webhook, after ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  };

  try {
    for (const role of ROLES) await topology.start(role);
    say(`well: clickhouse, ${ROLES.join(', ')}`);
    writer.start();
    await tellRound('the beginning');
    check(await refusesStrangers(topology.address('clickhouse')), 'ClickHouse refuses who brings no password');
    check(await dashboardHas(topology, url), `a query of a dashboard has the ${NODES} nodes of the scrape`);
    for (const page of ['/', '/alerts', '/targets']) {
      check((await text(url + page)).includes('<div id="root"'), `the query role serves the console at ${page}`);
    }
    check((await text(`${url}/api/v1/targets`)).includes(added.target), 'the query role answers for the collector');
    check((await text(`${url}/api/v2/alerts`)).includes('the beginning'), 'the query role answers for alerting');
    check(
      (await text(`${url}/api/v1/inventory/targets`)).includes(added.target),
      "the query role lists the collector's targets",
    );
    check(
      (await text(`${url}/api/v1/inventory/alerts`)).includes('the beginning'),
      "the query role lists alerting's alerts",
    );
    const direct = await text(`${grafana.PHAROS_ALERTING_URL}/api/v2/alerts`);
    check(direct.includes('the beginning'), "Grafana's Alertmanager has the alert");

    let killed = 0;
    for (const name of [...ROLES, 'clickhouse']) {
      await topology.kill(name);
      if (name === 'collector') killed = Date.now();
      await sleep(GONE);
      await topology.start(name);
      say(`${name} was killed, and is well again`);
      await tellRound(`${name} killed`);
    }
    await writer.stop();
    // What was served last is on its way.
    const counted = Date.now() - GRACE;
    const stored = await until(async () => (await missing(url, target, { killed, counted })).length === 0, 30_000);
    const lost = await missing(url, target, { killed, counted });
    check(stored, `${target.served.size} scrapes were served, not stored: ${lost.join(', ') || 'none'}`);
    check((await doubled(url)) === 0, 'no scrape is stored twice');
    await until(async () => (await writtenSamples(url)) >= writer.acknowledged, 30_000);
    const written = await writtenSamples(url);
    check(
      written >= writer.acknowledged && written <= writer.sent,
      `of ${writer.acknowledged} acknowledged remote-written samples ${written} are stored (sent ${writer.sent}, ${writer.retries} requests repeated)`,
    );
    const history = await text(`${url}/api/v1/alerts/history`);
    const timeline = await text(`${url}/api/v1/alerts/timeline?filter=firing`);
    for (const round of rounds) {
      check(history.includes(round), `the history knows of ${round}, told ${toldOf(webhook, round)} times`);
      check(timeline.includes(round), `the query role lists the alert of ${round} over time`);
    }
    check(await dashboardHas(topology, url), 'the query of the dashboard still has its data');
    const codes = [await topology.stop('query'), await topology.stop('alerting'), await topology.stop('collector')];
    check(
      codes.every((code) => code === 0),
      `SIGTERM ends every role with exit code 0, got ${codes.join(', ')}`,
    );
  } finally {
    await target.stop();
    await webhook.stop();
  }
  say(wrong.length === 0 ? 'all is well' : `${wrong.length} things are wrong`);
  return wrong.length === 0;
}

/** The configuration with what the test brings, and in a hurry. */
function underTest(text: string, { target, hook }: { readonly target: string; readonly hook: string }): string {
  const config = parse(text) as Record<string, Record<string, unknown>> & { scrape_configs: unknown[] };
  const job = { job_name: 'compose', honor_labels: true, static_configs: [{ targets: [target] }] };
  const telling = { group_by: ['alertname', 'round'], group_wait: '0s', group_interval: '1s' };
  return stringify({
    ...config,
    global: { ...config.global, scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    scrape_configs: [...config.scrape_configs, job],
    rule_files: [RULES],
    notification: {
      ...config.notification,
      receivers: [{ name: 'test', ...telling, webhook_configs: [{ url: hook }] }],
    },
  });
}

function nodes(): string {
  return `k8s_cluster_node_total{cluster="compose"} ${NODES}\n`;
}

function toldOf(webhook: WebhookRecorder, round: string): number {
  const alerts = webhook.deliveries.flatMap((delivery) => delivery.alerts);
  return alerts.filter(({ labels, status }) => labels.round === round && status === 'firing').length;
}

/** Whether of the dashboards that are mounted into Grafana a query over the scraped metric answers with its value, and none fails. */
async function dashboardHas(topology: Topology, url: string): Promise<boolean> {
  const directory = topology.environment('grafana').PHAROS_DASHBOARDS!;
  const found: number[] = [];
  for (const name of readdirSync(directory)) {
    const board = readFileSync(path.join(directory, name), 'utf8');
    for (const [, json] of board.matchAll(/"expr": ("(?:[^"\\]|\\.)*")/g)) {
      const expr = JSON.parse(json!) as string;
      if (!expr.includes('k8s_cluster_node_total') || expr.includes('$')) continue;
      found.push(...(await instantQuery(url, expr)).map(({ value }) => value));
    }
  }
  return found.includes(NODES);
}

/** The numbers of scrapes that were served and are not stored, but for what the collector had in hand when it was killed. */
async function missing(
  url: string,
  target: CountedTarget,
  { killed, counted }: { readonly killed: number; readonly counted: number },
): Promise<number[]> {
  const stored = new Set((await scrapes(url)).map(([, value]) => Number(value)));
  return [...target.served]
    .filter(([, served]) => served < counted && !(served > killed - GRACE && served <= killed))
    .map(([number]) => number)
    .filter((number) => !stored.has(number));
}

async function doubled(url: string): Promise<number> {
  const stored = (await scrapes(url)).map(([, value]) => value);
  return stored.length - new Set(stored).size;
}

async function scrapes(url: string): Promise<readonly (readonly [number, string])[]> {
  const body = JSON.parse(await text(`${url}/api/v1/query?query=${SCRAPES}[15m]`)) as {
    readonly data: { readonly result: readonly { readonly values: readonly (readonly [number, string])[] }[] };
  };
  return body.data.result.flatMap(({ values: samples }) => samples);
}

async function writtenSamples(url: string): Promise<number> {
  const [sum] = await instantQuery(url, `sum(count_over_time(${WRITTEN}[15m]))`);
  return sum?.value ?? 0;
}

async function refusesStrangers(address: string): Promise<boolean> {
  const response = await fetch(`http://${address}:8123/?query=SELECT%201`);
  await response.arrayBuffer();
  return !response.ok;
}

async function text(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  const body = await response.text();
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}: ${body.slice(0, 200)}`);
  return body;
}

function size(directory: string): string {
  return execFileSync('du', ['-sh', directory], { encoding: 'utf8' }).split('\t')[0]!;
}

async function until(holds: () => Promise<boolean> | boolean, within: number): Promise<boolean> {
  for (const over = Date.now() + within; Date.now() < over; await sleep(200)) {
    if (await Promise.resolve(holds()).catch(() => false)) return true;
  }
  return false;
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
