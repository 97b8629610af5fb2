/**
 * Autoscalers that poll, against a real server: over TLS, as the API server's front proxy, with the samples coming by remote write and the
 * objects from an API server in which nothing happens. What each step costs is the processor time with it less the time without it, in the same
 * process minutes apart. Beside it, Prometheus takes the same samples and answers what an adapter would ask for each poll.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PURPOSE } from '../../alerting/autoscaling/certificates/certificate.ts';
import { issueCertificate, type KeyPair } from '../../alerting/autoscaling/certificates/issue-certificate.ts';
import { formatTable } from '../../cli/table.ts';
import { ownMetrics } from '../alerting/own-metrics.ts';
import { Children } from '../children.ts';
import { type Contender, freePort } from '../contenders/contender.ts';
import { findContenders } from '../contenders/find-contenders.ts';
import { machineShare, machineTimes } from '../machine-share.ts';
import { processUsage } from '../process-usage.ts';
import { percentile } from '../query/concurrent.ts';
import { ApiPoller } from './api-polls.ts';
import { type PollOptions, type PollResult, poll } from './polls.ts';
import { PrometheusPoller } from './prometheus-polls.ts';
import { startSampleFeed } from './sample-feed.ts';
import { CLUSTER } from './scaled-cluster.ts';
import { startStaticApi } from './static-api.ts';

/** What to measure. Times are seconds. */
export interface AutoscalingBenchOptions {
  readonly autoscalers: number;
  /** Of each. */
  readonly pods: number;
  /** Between two polls of an autoscaler, two samples and two evaluations. */
  readonly interval: number;
  /** How long the polls are measured. */
  readonly duration: number;
  /** How long it is measured what all costs without polls. */
  readonly base: number;
  readonly prometheus: string;
  readonly contenders: readonly string[];
}

const FRONT_PROXY = 'front-proxy-client';
const SERVICE = 'pharos-metrics-apis.monitoring.svc';
const DAY = 86_400_000;
/** Until what was begun costs what it costs. */
const SETTLE_ROUNDS = 3;
/** Kinds of wrong answers that are shown. */
const SHOWN = 5;

/** Runs the benchmark and prints its tables. Resolves with whether every answer was right. */
export async function runAutoscalingBench(
  options: AutoscalingBenchOptions,
  print: (line: string) => void,
): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), 'pharos-autoscaling-'));
  const children = new Children(directory);
  try {
    return await run({ options, print, directory, children });
  } finally {
    await children.stopAll();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface Setting {
  readonly options: AutoscalingBenchOptions;
  readonly print: (line: string) => void;
  readonly directory: string;
  readonly children: Children;
}

interface Running {
  readonly contender: Contender;
  readonly poller: {
    questions: PollOptions['questions'];
    close(): void | Promise<void>;
  };
}

interface Part {
  readonly cpu: number;
  readonly seconds: number;
  readonly storeReads: number | undefined;
}

async function run({ options, print, directory, children }: Setting): Promise<boolean> {
  const { autoscalers, pods, interval } = options;
  const cluster = { autoscalers, pods };
  const certificates = issueCertificates(directory);
  const api = await startStaticApi({ cluster, frontProxyCa: certificates.ca, frontProxyName: FRONT_PROXY });
  const running: Running[] = [];
  const starts = findContenders(
    { prometheus: options.prometheus, victoria: '' },
    { wanted: options.contenders.filter((name) => name !== 'victoria-metrics'), print },
  );
  for (const [name, start] of starts) {
    const own = join(directory, name);
    mkdirSync(own);
    if (name !== 'pharos') {
      const contender = await start({
        children,
        directory: own,
        config: '',
        args: ['--web.enable-remote-write-receiver'],
      });
      running.push({ contender, poller: new PrometheusPoller(contender.url, pods) });
      continue;
    }
    const port = await freePort();
    const kubeconfig = join(own, 'kubeconfig');
    writeFileSync(kubeconfig, kubeconfigOf(api.url));
    const args = ['--kubeconfig', kubeconfig, '--metrics-apis', `127.0.0.1:${port}`];
    const contender = await start({ children, directory: own, config: pharosConfig(directory, interval), args });
    const { ca, client } = certificates;
    running.push({ contender, poller: new ApiPoller({ port, client, ca, servername: SERVICE, pods }) });
  }
  print(`${autoscalers} autoscalers of ${pods} pods each; samples, evaluations and polls every ${interval} s`);
  const receivers = running.map(({ contender: { url } }) => `${url}/api/v1/write`);
  const feed = await startSampleFeed({ cluster, receivers, interval: interval * 1000 });
  try {
    const settle = () => sleep(SETTLE_ROUNDS * interval);
    await settle();
    const base = await measure(running, () => sleep(options.base), print);
    api.addAutoscalers();
    await settle();
    const evaluated = await measure(running, () => sleep(options.base), print);
    const rows: string[][] = [];
    let right = true;
    for (const [i, each] of running.entries()) {
      const { contender, poller } = each;
      const polls = (seconds: number) =>
        poll({
          pollers: autoscalers,
          interval: interval * 1000,
          duration: seconds * 1000,
          questions: (autoscaler) => poller.questions(autoscaler),
        });
      // Connections are opened, and who asks is looked up.
      await polls(interval);
      const reviews = api.reviews();
      let result: PollResult | undefined;
      const [part] = await measure(
        [each],
        async () => {
          result = await polls(options.duration);
        },
        print,
      );
      const { latencies, wrong } = result!;
      printWrong(contender.name, wrong, print);
      if (wrong.size > 0 || latencies.length === 0) right = false;
      rows.push([
        contender.name,
        share(base[i]!),
        share(evaluated[i]!),
        share(part!),
        ((perSecond(part!) - perSecond(evaluated[i]!)) * (part!.seconds / latencies.length) * 1000).toFixed(2),
        ...[50, 99, 100].map((p) => percentile(latencies, p).toFixed(1)),
        part!.storeReads === undefined ? '-' : ((part!.storeReads / part!.seconds) * 60).toFixed(1),
        (processUsage(contender.child.pid).peakBytes / 2 ** 20).toFixed(0),
      ]);
      print(
        `${contender.name}: ${latencies.length} answers, ${(latencies.length / part!.seconds).toFixed(0)} a second`,
      );
      if (contender.name === 'pharos') print(`reviews of access: ${api.reviews() - reviews}`);
    }
    const header = ['', 'CPU % samples alone', '+ evaluations', '+ polls', 'ms an answer'];
    print(formatTable([...header, 'p50 ms', 'p99 ms', 'max ms', 'store queries a minute', 'peak MiB'], rows));
    if (feed.failures() > 0) print(`WRONG: ${feed.failures()} requests with samples were not taken`);
    return right && feed.failures() === 0;
  } finally {
    await feed.stop();
    for (const { poller } of running) await poller.close();
    api.close();
  }
}

function printWrong(name: string, wrong: PollResult['wrong'], print: (line: string) => void): void {
  let others = 0;
  for (const [i, [problem, count]] of [...wrong].entries()) {
    if (i < SHOWN) print(`WRONG: ${name}, ${count} times: ${problem}`);
    else others += count;
  }
  if (others > 0) print(`WRONG: ${name}, ${others} times: otherwise`);
}

async function measure(
  running: readonly Running[],
  during: () => Promise<void>,
  print: (line: string) => void,
): Promise<Part[]> {
  const read = () => running.map(({ contender }) => processUsage(contender.child.pid).cpuSeconds);
  const reads = () => Promise.all(running.map(async ({ contender }) => (await ownMetrics(contender.url)).storeReads));
  const readsBefore = await reads();
  const machine = machineTimes();
  const begun = performance.now();
  const before = read();
  await during();
  const after = read();
  const seconds = (performance.now() - begun) / 1000;
  const { busy } = machineShare(machine, machineTimes());
  print(`measured ${seconds.toFixed(0)} s, the machine was ${busy.toFixed(0)} % busy`);
  const readsAfter = await reads();
  return before.map((cpu, i) => {
    const [from, to] = [readsBefore[i], readsAfter[i]];
    const storeReads = to === undefined ? undefined : to - (from ?? 0);
    return { cpu: after[i]! - cpu, seconds, storeReads };
  });
}

function perSecond({ cpu, seconds }: Part): number {
  return cpu / seconds;
}

/** Of one core. */
function share(part: Part): string {
  return (perSecond(part) * 100).toFixed(1);
}

interface Certificates {
  readonly ca: string;
  readonly client: KeyPair;
}

/** An authority, the server's certificate, which is written to files, and the front proxy's. */
function issueCertificates(directory: string): Certificates {
  const now = Date.now();
  const lasting = { notBefore: now - DAY, notAfter: now + DAY };
  const commonName = 'bench';
  const authority = issueCertificate({ commonName, isAuthority: true, ...lasting });
  const issuer = { ...authority, commonName };
  const serving = issueCertificate({ commonName: SERVICE, hosts: [SERVICE], issuer, ...lasting });
  writeFileSync(join(directory, 'tls.crt'), serving.cert);
  writeFileSync(join(directory, 'tls.key'), serving.key, { mode: 0o600 });
  const purposes = [PURPOSE.clientAuth];
  return { ca: authority.cert, client: issueCertificate({ commonName: FRONT_PROXY, purposes, issuer, ...lasting }) };
}

function kubeconfigOf(url: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: url } }],
    users: [{ name: 'u', user: { token: 'bench' } }],
    contexts: [{ name: CLUSTER, context: { cluster: 'c', user: 'u' } }],
    'current-context': CLUSTER,
  });
}

/** Nothing is scraped and nothing else is done with the cluster. */
function pharosConfig(directory: string, interval: number): string {
  return `global: { scrape_interval: ${interval}s }
builtin_rules: false
host_metrics: { enabled: false }
kubernetes:
  enabled: true
  catalogue: false
  events: false
  state_metrics: { enabled: false }
  scrape:
    kubelets: false
    api_server: false
    control_plane: false
    node_exporter: false
    gpu_exporter: false
    operator_objects: false
autoscaling:
  interval: ${interval}s
  register: false
  cert_file: ${join(directory, 'tls.crt')}
  key_file: ${join(directory, 'tls.key')}
`;
}

function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
