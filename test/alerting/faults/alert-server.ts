import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Child, Children } from '../../../bench/children.ts';
import { freePort } from '../../../bench/contenders/contender.ts';
import { startPharosServer } from '../../../bench/contenders/pharos.ts';
import { HIGH, VALUE } from './gauge-target.ts';

export interface AlertServerOptions {
  readonly children: Children;
  /** Where it has a directory of its own. */
  readonly directory: string;
  /** Of this server: the path at which it calls the receiver. */
  readonly name: string;
  /** `HOST:PORT` of what it scrapes every second. */
  readonly target: string;
  /** The receiver's URL, without a path. */
  readonly receiver: string;
  /** Lines of the webhook's configuration besides its URL. */
  readonly webhook?: readonly string[];
  /** URL of a ClickHouse server. Default: the embedded engine. */
  readonly clickhouse?: string;
  /** Text of a file with policies. */
  readonly policies?: string;
  /** Modules that Node loads before it. */
  readonly preload?: readonly string[];
}

/** How soon groups are told of, in milliseconds. */
export const GROUP_WAIT = 1_000;
export const GROUP_INTERVAL = 2_000;

const RULES = `groups:
- name: faults
  interval: 1s
  rules:
  - alert: Faulty
    expr: ${VALUE} > ${HIGH / 2}
`;

/** A Pharos server with the rule Faulty, every episode of which is an alert with the labels `id` and `group`. */
export class AlertServer {
  readonly name: string;
  readonly log: string;
  readonly #options: AlertServerOptions;
  readonly #directory: string;
  #child: Child | undefined;
  #port = 0;

  constructor(options: AlertServerOptions) {
    this.#options = options;
    this.name = options.name;
    this.#directory = join(options.directory, options.name);
    this.log = join(this.#directory, 'pharos.log');
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get isRunning(): boolean {
    return (
      this.#child !== undefined && this.#child.process.exitCode === null && this.#child.process.signalCode === null
    );
  }

  /** Resolves when it is ready; again after it was killed, with all that it stored. */
  async start(): Promise<void> {
    const { children, preload = [] } = this.#options;
    const dataDir = join(this.#directory, 'data');
    mkdirSync(dataDir, { recursive: true });
    this.#configure();
    this.#port ||= await freePort();
    const config = join(this.#directory, 'pharos.yml');
    const before = process.env.NODE_OPTIONS;
    if (preload.length > 0) process.env.NODE_OPTIONS = preload.map((module) => `--import=${module}`).join(' ');
    try {
      const starting = startPharosServer({ children, config, dataDir, log: this.log, port: this.#port });
      if (before === undefined) delete process.env.NODE_OPTIONS;
      else process.env.NODE_OPTIONS = before;
      this.#child = await starting;
    } finally {
      if (before === undefined) delete process.env.NODE_OPTIONS;
    }
  }

  /** As a crash would; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#child !== undefined) await this.#options.children.kill(this.#child);
  }

  /** Ends it in the ordinary way. */
  async stop(): Promise<void> {
    if (this.#child !== undefined) await this.#options.children.stop(this.#child);
  }

  /** Only to this process. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.process.kill(signal);
  }

  /** Resident memory, in bytes. */
  memory(): number {
    const status = readFileSync(`/proc/${this.#child?.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  /** The sum over the series of one of its own metrics. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`, { signal: AbortSignal.timeout(30_000) })).text();
    let sum = 0;
    for (const [, value] of text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))) sum += Number(value);
    return sum;
  }

  /** The member `data` of an answer. */
  async get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.url}${path}`, { signal: AbortSignal.timeout(30_000) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} must answer 200, got ${response.status}: ${text.slice(0, 200)}`);
    return (JSON.parse(text) as { data: T }).data;
  }

  /** Lines of its log at a level of `error` or above. */
  errors(): readonly string[] {
    return readFileSync(this.log, 'utf8')
      .split('\n')
      .filter((line) => /"level":[5-9]\d/.test(line));
  }

  #configure(): void {
    const { target, receiver, webhook = [], clickhouse, policies } = this.#options;
    const write = (name: string, text: string) => writeFileSync(join(this.#directory, name), text);
    // A rule's identity has the path of its file: servers that share a store must find it at the same one.
    writeFileSync(join(this.#options.directory, 'rules.yml'), RULES);
    if (policies !== undefined) write('policies.yml', policies);
    write(
      'alertmanager.yml',
      [
        'route:',
        '  receiver: recorder',
        '  group_by: [alertname, group]',
        `  group_wait: ${GROUP_WAIT}ms`,
        `  group_interval: ${GROUP_INTERVAL}ms`,
        '  repeat_interval: 4h',
        'receivers:',
        '- name: recorder',
        '  webhook_configs:',
        `  - url: ${receiver}/${this.name}`,
        ...webhook.map((line) => `    ${line}`),
        '',
      ].join('\n'),
    );
    write(
      'pharos.yml',
      [
        'global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}',
        'builtin_rules: false',
        'rule_files: [../rules.yml]',
        ...(policies === undefined ? [] : ['policy_files: [policies.yml]']),
        'notification: {config_file: alertmanager.yml}',
        'scrape_configs:',
        '- job_name: faults',
        `  static_configs: [{targets: ['${target}']}]`,
        ...(clickhouse === undefined ? [] : ['storage:', `  clickhouse: {url: '${clickhouse}'}`]),
        '',
      ].join('\n'),
    );
  }
}
