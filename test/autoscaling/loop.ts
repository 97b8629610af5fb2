/**
 * Shows that autoscalers scale on what Pharos serves: a simulated cluster with a HorizontalPodAutoscaler of each kind, whose
 * controller computes as the real one does and asks through an API server that aggregates as the real one does, and a Pharos
 * server beside it. The load goes up and down; the replicas are printed next to it.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Children } from '../../bench/children.ts';
import { freePort } from '../../bench/contenders/contender.ts';
import { startPharosServer } from '../../bench/contenders/pharos.ts';
import { selfSigned } from '../../simulator/api/self-signed.ts';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';
import { say, toolRun } from '../tool-run.ts';
import { loadAt, PHASES, type Phase } from './loop/load-curve.ts';
import {
  createWorkloads,
  MAX_REPLICAS,
  METRIC_KINDS,
  type MetricKind,
  MIN_REPLICAS,
  NAMED_METRICS,
  NAMESPACE,
  nameOf,
  neededReplicas,
  registerMetricsApis,
  workloadOf,
} from './loop/loop-objects.ts';

const { values } = parseArgs({
  options: { keep: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});

const USAGE = `usage: node dist/test/autoscaling/loop.js [--keep]
  --keep   keep the scratch directory`;

const HPAS = 'horizontalpodautoscalers.autoscaling';
/** Until every autoscaler has found its metric. */
const FIRST_METRICS = 150_000;
const LOOK = 1_000;
const PRINT = 15_000;

interface Seen {
  readonly replicas: number;
  /** The metric as the autoscaler has seen it; undefined while it says that it has none. */
  readonly value: string | undefined;
}

async function run(children: Children, directory: string): Promise<boolean> {
  const simulator = await startSimulator({ nodes: 6, pods: 30, tls: selfSigned(), step: 2_000, housekeeping: 1_000 });
  try {
    const { store, load } = simulator.world;
    for (const kind of METRIC_KINDS) load.demand.hold(workloadOf(kind), PHASES[0]!.level);
    createWorkloads(store);
    const port = await freePort();
    registerMetricsApis(store, port);
    await startPharos(simulator, { children, directory, port });
    say('the server is ready; autoscalers ask it through the API server');
    const begun = Date.now();
    while (METRIC_KINDS.some((kind) => seen(simulator, kind).value === undefined)) {
      if (Date.now() - begun > FIRST_METRICS) {
        for (const kind of METRIC_KINDS) say(`${kind}: ${complaint(simulator, kind)}`);
        say(`not every autoscaler had its metric within ${FIRST_METRICS / 1000} s`);
        return false;
      }
      await sleep(LOOK);
    }
    say(`every autoscaler has its metric, after ${Math.round((Date.now() - begun) / 1000)} s`);
    const wrong = await follow(simulator);
    for (const line of wrong) say(`WRONG: ${line}`);
    say(wrong.length === 0 ? 'all five followed the load' : `${wrong.length} things were wrong`);
    return wrong.length === 0;
  } finally {
    await simulator.close();
  }
}

/** Lets the load go through its phases; what autoscalers did that the load does not explain. */
async function follow(simulator: Simulator): Promise<readonly string[]> {
  const { demand } = simulator.world.load;
  const wrong: string[] = [];
  const before = new Map<MetricKind, number>();
  console.log(['    s  load  needed', ...METRIC_KINDS.map((kind) => kind.padEnd(18))].join('  '));
  const begun = Date.now();
  let printed = Number.NEGATIVE_INFINITY;
  let last: Phase | undefined;
  for (;;) {
    const elapsed = Date.now() - begun;
    const at = loadAt(elapsed);
    if (last !== undefined && at?.phase !== last)
      wrong.push(...unfinished(simulator, last, { rises: last !== PHASES.at(-1) }));
    if (at === undefined) return wrong;
    last = at.phase;
    for (const kind of METRIC_KINDS) {
      demand.hold(workloadOf(kind), at.load);
      const { replicas } = seen(simulator, kind);
      const earlier = before.get(kind) ?? replicas;
      // Of more than is needed some may go; within the tolerance of a tenth, and with one more or less by rounding, nothing may.
      const needed = Math.min(MAX_REPLICAS, Math.floor(neededReplicas(at.load) * 0.9));
      if (replicas < earlier && at.sinceFall === Number.POSITIVE_INFINITY && replicas < needed)
        wrong.push(
          `${kind}: from ${earlier} to ${replicas} replicas in the phase "${at.phase.name}", in which load did not fall`,
        );
      before.set(kind, replicas);
    }
    if (elapsed - printed >= PRINT) {
      printed = elapsed;
      print(simulator, elapsed, at.load);
    }
    await sleep(LOOK);
  }
}

/** What at the end of a phase is not as its load needs it. */
function unfinished(simulator: Simulator, { name, level }: Phase, { rises }: { readonly rises: boolean }): string[] {
  const needed = neededReplicas(level);
  const least = Math.max(MIN_REPLICAS, Math.min(MAX_REPLICAS, Math.floor(needed * 0.9)));
  const enough = Math.max(MIN_REPLICAS, Math.min(MAX_REPLICAS, Math.ceil(needed * 1.1) + 1));
  return METRIC_KINDS.flatMap((kind) => {
    const { replicas } = seen(simulator, kind);
    // A rate over two minutes still knows what each pod did when there were fewer: for so long it asks for too many.
    const most = kind === 'Object' && rises ? MAX_REPLICAS : enough;
    if (replicas >= least && replicas <= most) return [];
    const range = least === most ? String(least) : `${least} to ${most}`;
    return [
      `${kind}: ${replicas} replicas at the end of the phase "${name}", which needs ${range}: ${complaint(simulator, kind)}`,
    ];
  });
}

function print(simulator: Simulator, elapsed: number, load: number): void {
  const cells = METRIC_KINDS.map((kind) => {
    const { replicas, value } = seen(simulator, kind);
    return `${String(replicas).padStart(2)} ${value ?? '?'}`.padEnd(18);
  });
  const needed = neededReplicas(load).toFixed(1).padStart(6);
  console.log([String(Math.round(elapsed / 1000)).padStart(5), load.toFixed(2), needed, ...cells].join('  '));
}

function seen({ world }: Simulator, kind: MetricKind): Seen {
  const deployment = world.store.get('deployments.apps', NAMESPACE, nameOf(kind));
  const { replicas = 0 } = (deployment?.spec ?? {}) as { readonly replicas?: number };
  const { conditions = [], currentMetrics = [] } = statusOf(world, kind);
  const isActive = conditions.some(({ type, status }) => type === 'ScalingActive' && status === 'True');
  const simulated = conditions.some(({ type, status }) => type === 'MetricsSimulated' && status === 'True');
  const [metric] = currentMetrics;
  const field = `${kind[0]!.toLowerCase()}${kind.slice(1)}`;
  const { current } = (metric?.[field] ?? {}) as { readonly current?: CurrentValue };
  if (!isActive || simulated || current === undefined) return { replicas, value: undefined };
  const { averageUtilization, averageValue, value } = current;
  return { replicas, value: averageUtilization === undefined ? (averageValue ?? value) : `${averageUtilization}%` };
}

interface CurrentValue {
  readonly averageUtilization?: number;
  readonly averageValue?: string;
  readonly value?: string;
}

interface HpaStatus {
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  readonly currentMetrics?: readonly Readonly<Record<string, unknown>>[];
}

function statusOf({ store }: Simulator['world'], kind: MetricKind): HpaStatus {
  return (store.get(HPAS, NAMESPACE, nameOf(kind))?.status ?? {}) as HpaStatus;
}

function complaint({ world }: Simulator, kind: MetricKind): string {
  const { conditions = [] } = statusOf(world, kind);
  return conditions.find(({ type }) => type === 'ScalingActive')?.message ?? 'it has not looked yet';
}

async function startPharos(
  simulator: Simulator,
  { children, directory, port }: { readonly children: Children; readonly directory: string; readonly port: number },
): Promise<void> {
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, simulator.kubeconfig, { mode: 0o600 });
  const config = join(directory, 'pharos.yml');
  writeFileSync(
    config,
    `host_metrics: {enabled: false}
builtin_rules: false
kubernetes:
  scrape_interval: 5s
  scrape_timeout: 5s
  clusters:
    - {name: loop, kubeconfig_file: ${kubeconfig}, node_access: proxy}
  scrape: {annotations: true, api_server: false, control_plane: false, node_exporter: false, gpu_exporter: false}
autoscaling:
  interval: 5s
  metrics:${NAMED_METRICS}`,
  );
  const dataDir = join(directory, 'data');
  mkdirSync(dataDir);
  const args = ['--metrics-apis', `127.0.0.1:${port}`];
  const log = join(directory, 'pharos.log');
  await startPharosServer({ children, config, dataDir, log, port: await freePort(), args });
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

if (values.help) console.log(USAGE);
else await toolRun({ name: 'pharos-loop', keep: values.keep, run });
