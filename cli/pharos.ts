import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { FEATURES } from '../query/promql/features.ts';
import { runAutoscalersCommand } from './autoscalers-command.ts';
import { type CheckRulesOptions, checkConfig, checkRules } from './check-command.ts';
import { checkPolicies } from './check-policies.ts';
import { runQueryCommand } from './query-command.ts';
import { runRole } from './run-role.ts';
import {
  parseAddress,
  parseDurationOption,
  parseFeatures,
  parseShard,
  type Role,
  type ServerOptions,
} from './server-options.ts';
import { runSqlCommand } from './sql-command.ts';
import { testRules } from './test-rules-command.ts';
import { VERSION } from './version.ts';

/** Wraps a parser so that its error becomes commander's, which names the option and what was given. */
function checked<T>(parse: (text: string, before?: T) => T): (text: string, before?: T) => T {
  return (text, before) => {
    try {
      return parse(text, before);
    } catch (error) {
      throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
    }
  };
}

function parseCount(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(count >= 1 && count <= 100_000)) throw new Error('wanted a whole number from 1 to 100000');
  return count;
}

const patterns = checked<readonly RegExp[]>((text, before) => [...(before ?? []), new RegExp(text, 'u')]);

const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;

function featureOption(): Option {
  return new Option(
    '--enable-feature <names>',
    `PromQL that Prometheus has behind feature flags, by its names, separated by commas: ${FEATURES.join(', ')}`,
  )
    .env('PHAROS_ENABLE_FEATURE')
    .argParser(checked(parseFeatures));
}

function shardOption(): Option {
  return new Option(
    '--shard <i/n>',
    'scrape only the i-th of n parts of the targets, counted from 0, beside n - 1 other collectors with the same configuration',
  )
    .env('PHAROS_SHARD')
    .argParser(checked(parseShard));
}

/** The options of every server role, with their environment variables. */
function withServerOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--config <file>',
        'configuration, a superset of prometheus.yml (default: the machine itself and Pharos)',
      ).env('PHAROS_CONFIG'),
    )
    .addOption(
      new Option('--listen <host:port>', 'where the page and the API are served (default: 127.0.0.1:9090)')
        .env('PHAROS_LISTEN')
        .argParser(checked(parseAddress)),
    )
    .addOption(
      new Option('--data-dir <dir>', 'where metrics and the outbox lie (default: ./data, with --demo ./data-demo)').env(
        'PHAROS_DATA_DIR',
      ),
    )
    .addOption(
      new Option(
        '--clickhouse <url>',
        'a ClickHouse server, http://user:password@host:8123, instead of the embedded engine',
      ).env('PHAROS_CLICKHOUSE'),
    )
    .addOption(
      new Option(
        '--clickhouse-http <host:port>',
        "serve the embedded store over ClickHouse's HTTP protocol, read-only, for any ClickHouse client",
      )
        .env('PHAROS_CLICKHOUSE_HTTP')
        .argParser(checked(parseAddress)),
    )
    .addOption(
      new Option(
        '--retention <duration>',
        'how long samples are kept, such as 90d; 0 keeps them for ever (default: 90d)',
      )
        .env('PHAROS_RETENTION')
        .argParser(checked(parseDurationOption)),
    )
    .addOption(
      new Option('--kubeconfig <file>', 'monitor the Kubernetes cluster that this kubeconfig leads to').env(
        'PHAROS_KUBECONFIG',
      ),
    )
    .addOption(
      new Option('--context <name>', 'which context of the kubeconfig (default: its current one)').env(
        'PHAROS_CONTEXT',
      ),
    )
    .addOption(
      new Option('--demo', 'play a simulated Kubernetes cluster and monitor it, for somebody without one').env(
        'PHAROS_DEMO',
      ),
    )
    .addOption(
      new Option('--demo-nodes <count>', 'nodes of the simulated cluster (default: 20)').argParser(checked(parseCount)),
    )
    .addOption(
      new Option('--demo-pods <count>', 'pods of the simulated cluster (default: 300)').argParser(checked(parseCount)),
    )
    .addOption(
      new Option(
        '--metrics-apis <host:port>',
        'serve the Kubernetes metrics APIs there, over TLS, for autoscalers and kubectl top (default: inside a cluster [::]:6443)',
      )
        .env('PHAROS_METRICS_APIS')
        .argParser(checked(parseAddress)),
    )
    .addOption(featureOption())
    .addOption(
      new Option('--log-level <level>', 'what is logged on standard error')
        .env('PHAROS_LOG_LEVEL')
        .choices(LOG_LEVELS)
        .default('warn'),
    );
}

function serverAction(role: Role): (_: unknown, command: Command) => Promise<void> {
  return async (_, command) => {
    process.exitCode = await runRole(role, command.opts<ServerOptions>());
  };
}

function buildProgram(): Command {
  const program = new Command('pharos')
    .description(
      'Monitoring and alerting: scrapes Prometheus targets into ClickHouse, answers PromQL, evaluates rules and notifies.\n' +
        'Without a subcommand it runs every role in one process, on an embedded ClickHouse.',
    )
    .version(VERSION, '--version', 'print the version')
    .helpOption('--help', 'explain the options')
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: false })
    .enablePositionalOptions()
    .showHelpAfterError('(--help explains every option)')
    .allowExcessArguments(false)
    .exitOverride();
  withServerOptions(program)
    .addOption(shardOption())
    .action((_, command: Command) => serverAction('all')(_, command));
  program.addHelpText(
    'after',
    '\nSIGTERM stops scraping, flushes and exits 0 within 10 s. SIGHUP and POST /-/reload read the configuration again.',
  );

  withServerOptions(
    program.command('collector').description('run only the collector: scrape targets and receive remote write'),
  )
    .addOption(shardOption())
    .action(serverAction('collector'));
  withServerOptions(
    program.command('query').description('run only the query service, or ask one:\n  query [range] EXPR'),
  )
    .argument('[expr...]', 'ask a running server instead: EXPR, or range EXPR')
    .addOption(new Option('--url <url>', 'the server to ask').env('PHAROS_URL').default('http://127.0.0.1:9090'))
    .addOption(
      new Option(
        '--alerting-url <url>',
        'the alerting role, where it runs elsewhere: alerts, policies and autoscaling are asked there',
      ).env('PHAROS_ALERTING_URL'),
    )
    .addOption(
      new Option('--collector-url <url>', 'a collector that runs elsewhere: targets and clusters are asked there').env(
        'PHAROS_COLLECTOR_URL',
      ),
    )
    .option('--time <time>', 'evaluation time, RFC 3339 or seconds (default: now)')
    .option('--start <time>', 'start of a range (default: an hour before its end)')
    .option('--end <time>', 'end of a range (default: now)')
    .option('--step <duration>', 'step of a range', '60s')
    .option('--timeout <duration>', 'how long to wait for the answer', checked(parseDurationOption), 120_000)
    .option('--json', "print the answer's data as JSON")
    .action(async (words: string[], options: QueryOptions, command: Command) => {
      if (words.length === 0) return serverAction('query')(undefined, command);
      console.log(await runQueryCommand(queryCommand(words, options), (line) => console.error(line)));
    });
  withServerOptions(program.command('alerting').description('run only the alert engine'))
    .addOption(
      new Option(
        '--query-url <url>',
        'the query service, or any server with the Prometheus HTTP API, that rules ask; by default they read a ClickHouse server themselves, and without one ask http://127.0.0.1:9090',
      ).env('PHAROS_QUERY_URL'),
    )
    .action(serverAction('alerting'));

  const check = program.command('check').description('check a file and name every mistake in it by line');
  check
    .command('config')
    .argument('<file>', 'pharos.yml or prometheus.yml')
    .description('check a configuration and the files it names')
    .addOption(featureOption())
    .action(async (file: string, { enableFeature }: CheckOptions) => {
      process.exitCode = await checkConfig(file, enableFeature ?? new Set());
    });
  check
    .command('rules')
    .argument('<file...>', 'rule files')
    .description('check rule files')
    .addOption(
      new Option('--lint <what>', 'what to warn of: rules with the same name and labels')
        .choices(['all', 'duplicate-rules', 'none'])
        .default('duplicate-rules'),
    )
    .option('--lint-fatal', 'exit 3 when there is a warning')
    .addOption(featureOption())
    .action(async (files: string[], { enableFeature, ...options }: CheckOptions & CheckRulesOptions) => {
      process.exitCode = await checkRules(files, enableFeature ?? new Set(), options);
    });

  program
    .command('test')
    .description('test a file')
    .command('rules')
    .argument('<file...>', "rule tests, in promtool's format")
    .description('run tests of rules; exits 1 when something is not as they expect')
    .option('--run <pattern>', 'run only tests whose name the regular expression matches; may be given again', patterns)
    .option('--junit <file>', "write a report in JUnit's XML")
    .option('--diff', 'show of what differs also what is equal')
    .option('--debug', 'show how long each test takes, and all samples at its end')
    .addOption(featureOption())
    .action(async (files: string[], { enableFeature, ...options }: TestOptions) => {
      process.exitCode = await testRules(files, { ...options, features: enableFeature ?? new Set() });
    });
  check
    .command('policies')
    .argument('<file...>')
    .description('check files of alert policies and manifests of AlertPolicy resources')
    .action(async (files: string[]) => {
      process.exitCode = await checkPolicies(files);
    });

  program
    .command('autoscalers')
    .description('show the HorizontalPodAutoscalers of the cluster: what they are served, what they did, what is wrong')
    .addOption(new Option('--url <url>', 'the server to ask').env('PHAROS_URL').default('http://127.0.0.1:9090'))
    .option('--namespace <name>', 'only those of this namespace')
    .option('--problem', 'only those with which something is wrong')
    .option('--watch', 'show them again every five seconds, until it is stopped')
    .option('--timeout <duration>', 'how long to wait for an answer', checked(parseDurationOption), 30_000)
    .option('--json', "print the answer's data as JSON")
    .action((options: AutoscalersOptions) => runAutoscalersCommand(options, (text) => console.log(text)));

  program
    .command('sql')
    .argument('<statement>', 'a SELECT in ClickHouse SQL, such as: SELECT metric, count() FROM samples GROUP BY metric')
    .description('run SQL on the store, beside a running server or without one')
    .addOption(
      new Option('--data-dir <dir>', "the embedded store's directory").env('PHAROS_DATA_DIR').default('./data'),
    )
    .addOption(new Option('--clickhouse <url>', 'a ClickHouse server instead').env('PHAROS_CLICKHOUSE'))
    .option('--format <name>', 'an output format of ClickHouse', 'PrettyCompactMonoBlock')
    .action(async (statement: string, options: { dataDir: string; clickhouse?: string; format: string }) => {
      await runSqlCommand({ statement, ...options }, process.stdout);
    });
  return program;
}

interface CheckOptions {
  readonly enableFeature?: ReadonlySet<string>;
}

interface TestOptions extends CheckOptions {
  readonly run?: readonly RegExp[];
  readonly junit?: string;
  readonly diff?: true;
  readonly debug?: true;
}

interface AutoscalersOptions {
  readonly url: string;
  readonly namespace?: string;
  readonly problem?: true;
  readonly watch?: true;
  readonly timeout: number;
  readonly json?: true;
}

interface QueryOptions {
  readonly url: string;
  readonly time?: string;
  readonly start?: string;
  readonly end?: string;
  readonly step: string;
  readonly timeout: number;
  readonly json?: true;
}

function queryCommand(words: readonly string[], options: QueryOptions): Parameters<typeof runQueryCommand>[0] {
  const { url, time, timeout, json } = options;
  const asked = { url, timeout, json: json === true };
  if (words[0] === 'range' && words.length > 1) {
    const end = options.end ?? String(Date.now() / 1000);
    const start = options.start ?? String(toSeconds(end, '--end') - 3600);
    return { ...asked, expr: words.slice(1).join(' '), range: { start, end, step: options.step } };
  }
  return { ...asked, expr: words.join(' '), time };
}

function toSeconds(time: string, option: string): number {
  const seconds = /^[\d.]+$/.test(time) ? Number(time) : Date.parse(time) / 1000;
  if (Number.isNaN(seconds)) throw new Error(`${option} must be RFC 3339 or seconds, got ${JSON.stringify(time)}`);
  return seconds;
}

// A reader that has seen enough, such as `head`, is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

try {
  await buildProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has already said it.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    console.error(`pharos: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
