import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebhookRecorder } from './life/webhook-recorder.ts';

const root = path.join(import.meta.dirname, '..', '..');
/** Apart from what other tests build at the same time. */
const built = path.join(root, 'dist', `roles-${process.pid}`);

/** The roles as processes of their own on one ClickHouse server. */
describe('collector, query and alerting on a ClickHouse server', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'pharos-roles-'));
  const webhook = new WebhookRecorder();
  const processes = new Map<string, ChildProcess>();
  const ports = new Map<string, number>();
  let output = '';
  let broken = 1;
  const target = createServer((_, response) => {
    const pod = '{cluster="c",namespace="n",pod="p",node="m"}';
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(`broken ${broken}\nk8s_pod_cpu_core_used${pod} 5\n`);
  });

  const url = (name: string) => `http://127.0.0.1:${ports.get(name)}`;
  const start = (name: string, file: string, args: readonly string[]): void => {
    const child = spawn(process.execPath, [path.join(built, file), ...args], {
      cwd: directory,
      env: { ...process.env, UV_THREADPOOL_SIZE: '16' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk) => (output += `${name}: ${chunk}`));
    processes.set(name, child);
  };
  const startRole = (role: string): void => {
    const listen = `127.0.0.1:${ports.get(role)}`;
    const data = path.join(directory, role);
    const store = ['--clickhouse', url('clickhouse'), '--data-dir', data];
    start(role, 'cli/pharos.js', [role, '--config', path.join(directory, 'pharos.yml'), '--listen', listen, ...store]);
  };
  const end = async (name: string, signal: NodeJS.Signals): Promise<number | null> => {
    const child = processes.get(name)!;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
    return child.exitCode;
  };
  const until = async (what: string, holds: () => Promise<boolean> | boolean): Promise<void> => {
    for (const over = Date.now() + 40_000; Date.now() < over; await new Promise((next) => setTimeout(next, 100))) {
      if (await Promise.resolve(holds()).catch(() => false)) return;
    }
    throw new Error(`waited in vain until ${what}; the processes printed:\n${output}`);
  };
  const isReady = (role: string) => async () => (await fetch(`${url(role)}/-/ready`)).status === 200;
  const told = (alertname: string): readonly string[] =>
    webhook.deliveries.flatMap(({ alerts }) =>
      alerts.filter(({ labels }) => labels.alertname === alertname).map(({ status }) => status),
    );

  beforeAll(async () => {
    const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
    const options = ['--noCheck', '--outDir', built, '--tsBuildInfoFile', path.join(built, 'info')];
    execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', ...options], { cwd: root });
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
    for (const name of ['clickhouse', 'collector', 'query', 'alerting']) ports.set(name, await freePort());
    writeFileSync(
      path.join(directory, 'pharos.yml'),
      `global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
scrape_configs:
  - job_name: t
    honor_labels: true
    static_configs: [{ targets: ['127.0.0.1:${(target.address() as AddressInfo).port}'] }]
host_metrics: { enabled: false }
rule_files: [rules.yml]
policies:
  - id: cpu
    name: Cpu
    level: pod
    conditions: [{ metric: k8s_pod_cpu_core_used, period: 10s, operator: gt, threshold: 1 }]
notification:
  receivers:
    - { name: ops, group_by: [alertname], group_wait: 0s, group_interval: 1s, webhook_configs: [{ url: '${await webhook.start()}' }] }
`,
    );
    writeFileSync(
      path.join(directory, 'rules.yml'),
      'groups: [{ name: g, rules: [{ alert: Broken, expr: "broken == 1" }] }]\n',
    );
    start('clickhouse', 'test/clickhouse-server.js', [
      path.join(directory, 'clickhouse'),
      `${ports.get('clickhouse')}`,
    ]);
    await until('ClickHouse answers', async () => (await fetch(`${url('clickhouse')}/ping`)).status === 200);
    for (const role of ['collector', 'query', 'alerting']) startRole(role);
  }, 60_000);

  afterAll(async () => {
    for (const child of processes.values()) if (child.exitCode === null) child.kill('SIGKILL');
    target.closeAllConnections();
    target.close();
    await webhook.stop();
    rmSync(directory, { recursive: true, force: true });
    rmSync(built, { recursive: true, force: true });
  });

  it('tell of an alert, and go on when each of them is killed and comes back', async () => {
    await until('the alert of the rule is told', () => told('Broken').includes('firing'));
    // What is killed between telling and noting that may tell again.
    await until('it is noted that it was told', async () => {
      const { data } = (await (await fetch(`${url('alerting')}/api/v1/notifications`)).json()) as {
        readonly data: { readonly notifications: readonly unknown[] };
      };
      return data.notifications.length > 0;
    });
    // Its lease runs out; the next one takes over what has been told.
    await end('alerting', 'SIGKILL');
    await end('query', 'SIGKILL');
    for (const role of ['alerting', 'query']) startRole(role);
    await until('the alert of the policy is told', () => told('Cpu').includes('firing'));
    expect(told('Broken')).toEqual(['firing']);

    await end('collector', 'SIGKILL');
    broken = 0;
    startRole('collector');
    await until('the end of the alert is told', () => told('Broken').includes('resolved'));
    expect(told('Broken')).toEqual(['firing', 'resolved']);
    expect(told('Cpu')).toEqual(['firing']);

    await until('queries are answered', isReady('query'));
    const asked = `${url('query')}/api/v1/query?query=${encodeURIComponent('max_over_time(ALERTS{alertname="Broken"}[5m])')}`;
    await until('the series of the alert can be queried', async () => {
      const { data } = (await (await fetch(asked)).json()) as {
        readonly data: { readonly result: readonly unknown[] };
      };
      return data.result.length === 1;
    });
    const begun = Date.now();
    const roles = ['collector', 'query', 'alerting'];
    expect(await Promise.all(roles.map((role) => end(role, 'SIGTERM')))).toEqual([0, 0, 0]);
    expect(Date.now() - begun).toBeLessThan(10_000);
  }, 90_000);

  it('do not stay when their address is taken, nor keep the lease', async () => {
    const taken = createTcpServer();
    await new Promise<void>((resolve) => taken.listen(ports.get('alerting'), '127.0.0.1', resolve));
    startRole('alerting');
    const [code] = await once(processes.get('alerting')!, 'exit');
    expect(code).toBe(1);
    expect(output).toContain('another process listens there');
    await new Promise((resolve) => taken.close(resolve));
  }, 30_000);
});

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
