import { Command, InvalidArgumentError, Option } from 'commander';
import { type AlertingBenchOptions, runAlertingBench } from './alerting/alerting-bench.ts';
import { type PolicyRoundsOptions, runPolicyRounds } from './alerting/policy-rounds.ts';
import { type AnswerMemoryOptions, runAnswerMemory } from './autoscaling/answer-memory.ts';
import { type AutoscalingBenchOptions, runAutoscalingBench } from './autoscaling/autoscaling-bench.ts';
import { type CatalogueBenchOptions, runCatalogueBench } from './catalogue.ts';
import { type ClusterBenchOptions, runClusterBench } from './cluster.ts';
import { type ConsoleBenchOptions, runConsoleBench } from './console/console-bench.ts';
import { CONTENDERS } from './contenders/find-contenders.ts';
import { type DiscoveryBenchOptions, runDiscoveryBench } from './discovery.ts';
import { runIngest } from './ingest.ts';
import { QUERY_SECTIONS, type QueryBenchOptions, type QuerySection, runQueryBench } from './query.ts';
import { type ResourceUsageBenchOptions, runResourceUsageBench } from './resource-usage.ts';
import { runStateMetrics, type StateMetricsBenchOptions } from './state-metrics.ts';

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('wanted a number above 0');
  return value;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('wanted a whole number above 0');
  return value;
}

function atLeastZero(text: string): number {
  const value = Number(text);
  if (!(value >= 0)) throw new InvalidArgumentError('wanted 0 or more');
  return value;
}

/** A list of words, separated by commas, each one of these. */
function listOf<T extends string>(allowed: readonly T[]): (text: string) => T[] {
  return (text) =>
    text.split(',').map((word) => {
      const found = allowed.find((each) => each === word.trim());
      if (found === undefined) throw new InvalidArgumentError(`wanted a list of ${allowed.join(', ')}, got ${word}`);
      return found;
    });
}

const program = new Command('bench').description('Benchmarks of Pharos beside other systems, on this machine.');

program
  .command('ingest')
  .description('scrape a farm of targets with Pharos and its peers; CPU, memory and disk per sample')
  .option('--targets <n>', 'targets', count, 200)
  .option('--series <n>', 'series of each target', count, 2000)
  .option('--interval <seconds>', 'scrape interval', positive, 5)
  .option('--duration <seconds>', 'how long is measured, after three rounds to warm up', positive, 180)
  .option('--lifetime <seconds>', 'seconds until a container is replaced by another (churn); 0: never', atLeastZero, 0)
  .addOption(
    new Option('--encoding <name>', 'what the farm sends to those who take gzip')
      .choices(['identity', 'gzip'])
      .default('identity'),
  )
  .option('--sequential', 'one contender after the other, instead of all at the same time', false)
  .option('--prometheus <path>', 'the Prometheus to compare with', 'prometheus')
  .option('--victoria <path>', 'the single-node VictoriaMetrics to compare with', 'victoria-metrics')
  .option('--skip <name...>', 'leave out pharos, prometheus or victoria-metrics', [])
  .option('--keep', 'keep the scratch directory', false)
  .action(async (options: Parameters<typeof runIngest>[0]) => {
    const complete = await runIngest(options, (line) => console.log(line));
    process.exitCode = complete ? 0 : 1;
  });

program
  .command('query')
  .description('load the same samples into Pharos and its peers, then compare the times of their answers')
  .option('--series <n>', 'series; 10,000 are 2,000 pods of 100 nodes', count, 10_000)
  .option('--hours <h>', 'how far the samples reach back', positive, 24)
  .option('--interval <seconds>', 'time between two samples of a series', positive, 15)
  .option('--runs <n>', 'how often each query is asked; the best time counts', count, 3)
  .option('--only <sections>', `parts of: ${QUERY_SECTIONS.join(', ')}`, listOf(QUERY_SECTIONS))
  .option('--growth', 'also the first query on 1,000, 10,000 and 100,000 series, which are loaded for it', false)
  .option('--contenders <names>', `some of: ${CONTENDERS.join(', ')}`, listOf(CONTENDERS), [...CONTENDERS])
  .option('--keep <dir>', 'load into this new directory and leave the data there')
  .option('--reuse <dir>', 'start the servers on what an earlier --keep left; what is missing is loaded')
  .option('--prometheus <path>', 'the Prometheus to compare with', 'prometheus')
  .option('--victoria <path>', 'the single-node VictoriaMetrics to compare with', 'victoria-metrics')
  .action(async (options: Omit<QueryBenchOptions, 'only'> & { only?: QuerySection[]; growth: boolean }) => {
    const only = options.only ?? QUERY_SECTIONS.filter((section) => section !== 'growth');
    const right = await runQueryBench(
      { ...options, only: options.growth ? [...new Set([...only, 'growth'] as const)] : only },
      { print: (line) => console.log(line), progress: (line) => console.error(`bench: ${line}`) },
    );
    process.exitCode = right ? 0 : 1;
  });

program
  .command('alerting')
  .description('evaluate the same rules beside Prometheus; then policies, and thousands of alerts at once')
  .option('--series <n>', 'series, in steps of 2,000', count, 100_000)
  .option('--rules <n>', 'rules', count, 1000)
  .option('--policies <n>', 'alert policies besides', atLeastZero, 2000)
  .option('--burst <n>', 'alerts that fire at once, 0 for none', atLeastZero, 10_000)
  .option('--interval <seconds>', 'between scrapes, and between evaluations', positive, 15)
  .option('--warm <seconds>', 'before anything is measured: the windows of the rules fill', positive, 330)
  .option('--duration <seconds>', 'how long each part is measured', positive, 120)
  .option(
    '--corpus <dir>',
    'PrometheusRule objects to take every fourth rule from',
    '../shared/corpus/kube-prometheus/rules',
  )
  .option('--prometheus <path>', 'the Prometheus to compare with', 'prometheus')
  .option('--contenders <names>', `some of: ${CONTENDERS.join(', ')}`, listOf(CONTENDERS), ['pharos', 'prometheus'])
  .action(async (options: AlertingBenchOptions) => {
    const complete = await runAlertingBench(options, (line) => console.log(line));
    process.exitCode = complete ? 0 : 1;
  });

program
  .command('autoscaling')
  .description('autoscalers that poll, as the API server passes it on; beside it, what an adapter asks Prometheus')
  .option('--autoscalers <n>', 'autoscalers, each on a Pods metric and on CPU', count, 1000)
  .option('--pods <n>', 'pods of each', count, 20)
  .option('--interval <seconds>', 'between samples, evaluations, and polls of an autoscaler', positive, 15)
  .option('--base <seconds>', 'how long it is measured what all costs without polls', positive, 90)
  .option('--duration <seconds>', 'how long the polls are measured', positive, 300)
  .option('--prometheus <path>', 'the Prometheus to compare with', 'prometheus')
  .option('--contenders <names>', `some of: ${CONTENDERS.join(', ')}`, listOf(CONTENDERS), ['pharos', 'prometheus'])
  .action(async (options: AutoscalingBenchOptions) => {
    const right = await runAutoscalingBench(options, (line) => console.log(line));
    process.exitCode = right ? 0 : 1;
  });

program
  .command('policy-rounds')
  .description('what evaluating alert policies costs by itself, over made-up samples')
  .option('--policies <n>', 'alert policies', count, 2000)
  .option('--series <n>', 'series', count, 100_000)
  .option('--objects <n>', 'series of one metric', count, 1000)
  .option('--interval <seconds>', 'between samples', positive, 15)
  .option('--period <seconds>', 'of most policies', positive, 15)
  .option('--breached <part>', 'of the objects, about', positive, 0.001)
  .option('--rounds <n>', 'rounds besides the first', count, 40)
  .action((options: PolicyRoundsOptions) => runPolicyRounds(options, (line) => console.log(line)));

program
  .command('answer-memory')
  .description('what it costs to answer autoscalers from memory, over made-up pods')
  .option('--pods <n>', 'pods', count, 100_000)
  .option('--replicas <n>', 'pods that a question is about', count, 20)
  .option('--metrics <n>', 'metrics', count, 5)
  .option('--rounds <n>', 'evaluations', count, 10)
  .option('--churn <part>', 'part of the pods that is replaced between two', atLeastZero, 0.001)
  .option('--hold', 'keep the last good values too', false)
  .action((options: AnswerMemoryOptions) => runAnswerMemory(options, (line) => console.log(line)));

program
  .command('catalogue')
  .description('what computing the k8s_* catalogue of a cluster costs, beside scraping and storing')
  .option('--nodes <n>', 'nodes', count, 1000)
  .option('--pods <n>', 'pods', count, 30_000)
  .option('--containers <n>', 'containers', count, 40_000)
  .option('--replicas <n>', 'pods of a workload', count, 6)
  .option('--rows <n>', "rows of a kubelet's page for each container", count, 48)
  .option('--rounds <n>', 'rounds, of which the first three warm up', count, 10)
  .option('--interval <seconds>', 'scrape interval', positive, 30)
  .action((options: CatalogueBenchOptions) => {
    if (options.rounds < 4) throw new InvalidArgumentError('rounds must be at least 4');
    return runCatalogueBench(options, (line) => console.log(line));
  });

program
  .command('resource-usage')
  .description('what it costs to serve the use of CPU and memory of all pods, beside scraping and HTTP')
  .option('--pods <n>', 'pods', count, 100_000)
  .option('--containers <n>', 'containers of a pod', count, 2)
  .option('--replicas <n>', 'pods that an autoscaler asks for', count, 20)
  .option('--requests <n>', 'requests of autoscalers', count, 20_000)
  .option('--rounds <n>', 'readings of each kind', count, 5)
  .action((options: ResourceUsageBenchOptions) => runResourceUsageBench(options, (line) => console.log(line)));

program
  .command('cluster')
  .description('monitor a simulated cluster of any size: first view, CPU, memory and samples')
  .option('--nodes <n>', 'nodes', count, 1000)
  .option('--pods <n>', 'pods', count, 30_000)
  .option('--interval <seconds>', 'scrape interval', positive, 30)
  .option('--duration <seconds>', 'how long is measured, after the first complete view', positive, 180)
  .option('--patience <seconds>', 'how long the first complete view may take', positive, 300)
  .option('--shard <i/n>', 'monitor only this part of it')
  .action(async (options: ClusterBenchOptions) => {
    const complete = await runClusterBench(options, (line) => console.log(line));
    process.exitCode = complete ? 0 : 1;
  });

program
  .command('console')
  .description(
    'the console and its lists on a large cluster: time, CPU of the server, long tasks and memory of the page',
  )
  .option('--pods <n>', 'pods', count, 5_000)
  .option('--interval <seconds>', 'between two samples of a series', positive, 30)
  .option('--duration <seconds>', 'how long an open Overview is measured', positive, 60)
  .option('--chromium <path>', 'the browser', process.env.PHAROS_CHROMIUM ?? '/usr/bin/chromium')
  .option('--apart', 'ask a query role of its own, over the HTTP interface of the store', false)
  .action(async (options: ConsoleBenchOptions) => {
    const complete = await runConsoleBench(options, (line) => console.log(line));
    process.exitCode = complete ? 0 : 1;
  });

program
  .command('discovery')
  .description('what it costs to follow the pods of a cluster, from the watch cache to the scrape loops')
  .option('--pods <n>', 'pods', count, 30_000)
  .option('--every <n>', 'one pod in so many is scraped', count, 10)
  .action((options: DiscoveryBenchOptions) => runDiscoveryBench(options, (line) => console.log(line)));

program
  .command('state-metrics')
  .description('tell the state of the pods of a large cluster; memory for each, CPU of an emission and of a change')
  .option('--nodes <n>', 'nodes', count, 1_000)
  .option('--pods <n>', 'pods, of one container each', count, 30_000)
  .option('--interval <seconds>', 'time between two emissions', positive, 15)
  .option('--emissions <n>', 'emissions that are measured', count, 3)
  .option('--skip-store', 'leave out the embedded store', false)
  .action(async (options: StateMetricsBenchOptions) => {
    await runStateMetrics(options, (line) => console.log(line));
  });

try {
  await program.parseAsync();
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
