import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { startSimulator } from '../simulator/simulator.ts';

const root = path.join(import.meta.dirname, '..');
const run = promisify(execFile);

/** The program as `npm start` runs it, over real sockets. */
describe('the server', () => {
  let directory: string;
  let config: string;
  let url: string;
  let server: ChildProcess;
  let output = '';

  const api = async (route: string, form?: Record<string, string>) => {
    const body = form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) };
    const response = await fetch(`${url}${route}`, body);
    return { status: response.status, body: await response.text() };
  };
  const pharos = (...args: string[]) =>
    run(process.execPath, ['cli/start.cjs', ...args], { cwd: root, timeout: 60_000 }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
  const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
    for (const end = Date.now() + 30_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 200))) {
      if (await holds().catch(() => false)) return;
    }
    throw new Error(`waited in vain until ${what}; the server printed:\n${output}`);
  };

  beforeAll(async () => {
    execFileSync(process.execPath, ['cli/prepare.mjs'], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
    directory = mkdtempSync(path.join(tmpdir(), 'pharos-server-'));
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    config = path.join(directory, 'pharos.yml');
    writeFileSync(
      config,
      `global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
scrape_configs:
  - job_name: pharos
    static_configs: [{ targets: ['127.0.0.1:${port}'] }]
host_metrics: { enabled: true, interval: 1s }
builtin_rules: true
`,
    );
    const args = ['cli/start.cjs', '--config', config, '--listen', `127.0.0.1:${port}`, '--data-dir', directory];
    args.push('--enable-feature', 'promql-experimental-functions', '--enable-feature=promql-duration-expr');
    server = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    server.stdout!.on('data', (chunk) => (output += chunk));
    server.stderr!.on('data', (chunk) => (output += chunk));
    await until('it is ready', async () => (await api('/-/ready')).status === 200);
  }, 60_000);

  afterAll(() => {
    server?.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });

  it('says where everything is, and nothing else', async () => {
    await until('it has said so', async () => output.includes('is ready'));
    expect(output).toContain(`page      ${url}/`);
    expect(output).toContain(`data      ${directory}  (embedded ClickHouse, kept 90d)`);
    expect(output).toContain('scraping  this machine (job node) every 1s, pharos every 1s');
    expect(output).toContain('clusters  no Kubernetes cluster found; --kubeconfig FILE monitors one, --demo plays one');
    expect(output).toContain('rules     1 group, built in');
    expect(output).toContain('telling   nobody: no receivers in notification');
    expect(output.trim().split('\n')).toHaveLength(8);
  });

  it('scrapes this machine and itself, and answers PromQL', async () => {
    await until('both targets are up', async () => {
      const { body } = await api('/api/v1/query', { query: 'count(up == 1)' });
      return JSON.parse(body).data.result[0]?.value[1] === '2';
    });
    const { stdout } = await pharos('query', 'up', '--url', url);
    expect(stdout).toMatch(/metric +instance +job +value/);
    expect(stdout).toMatch(/up +127\.0\.0\.1:\d+ +pharos +1/);
  });

  it('takes the PromQL of its feature flags, and refuses that of others', async () => {
    const status = async (query: string) => (await api('/api/v1/query', { query })).status;
    expect(await status('mad_over_time(up[1m * 2])')).toBe(200);
    expect(await status('rate(up[1m] anchored)')).toBe(400);
    expect(JSON.parse((await api('/api/v1/status/flags')).body).data['enable-feature']).toBe(
      'promql-experimental-functions,promql-duration-expr',
    );
    const rules = path.join(directory, 'rules.yml');
    writeFileSync(rules, 'groups: [{ name: a, rules: [{ record: x, expr: "mad_over_time(up[5m])" }] }]');
    const refused = await pharos('check', 'rules', rules);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('function "mad_over_time" is not enabled');
    expect((await pharos('check', 'rules', '--enable-feature=promql-experimental-functions', rules)).code).toBe(0);
    expect((await pharos('query', '--enable-feature=nope', 'up')).stderr).toContain('there is no feature "nope"');
  });

  it('runs heavy queries in a thread, which ends with the client', async () => {
    const lanes = async (lane: string) => {
      const { body } = await api('/metrics');
      return Number(new RegExp(`pharos_query_lanes_total\\{lane="${lane}"\\} (\\d+)`).exec(body)?.[1] ?? 0);
    };
    const now = Date.now() / 1000;
    const times = { start: String(now - 600), end: String(now), step: '1' };
    const before = await lanes('heavy');
    const heavy = 'count(max_over_time(up[6h:1s])) >= 1';
    const { status, body } = await api('/api/v1/query_range', { query: heavy, ...times });
    expect([status, JSON.parse(body).data.result.length]).toEqual([200, 1]);
    expect(await lanes('heavy')).toBe(before + 1);
    const wrong = await api('/api/v1/query_range', {
      query: 'up + on (job) group_left () (up or up offset 1s)',
      ...times,
    });
    expect([wrong.status, JSON.parse(wrong.body).status]).toEqual([200, 'success']);

    // Minutes of work, if nobody stopped it: the next one would wait for it.
    const endless = new URLSearchParams({ query: 'quantile_over_time(0.5, vector(1)[1d:1s])', ...times });
    const gone = AbortSignal.timeout(1000);
    const request = { method: 'POST', body: endless, signal: gone };
    await expect(fetch(`${url}/api/v1/query_range`, request)).rejects.toThrow(/abort|timeout/i);
    await until('it has ended', async () => /^pharos_queries_running 0$/m.test((await api('/metrics')).body));
    expect((await api('/api/v1/query_range', { query: heavy, ...times })).status).toBe(200);
  });

  it('serves the page', async () => {
    const { status, body } = await api('/');
    expect(status).toBe(200);
    expect(body).toContain('<title>Pharos</title>');
    expect(body).toMatch(/modulepreload.*overview-page/);
    // Where alerts link to.
    expect((await api('/graph?g0.expr=up&g0.tab=1')).body).toMatch(/modulepreload.*explore-page/);
  });

  it('evaluates the built-in rules', async () => {
    await until('rules are evaluated', async () => {
      const { groups } = JSON.parse((await api('/api/v1/rules')).body).data;
      return groups[0].rules.length > 0 && groups[0].rules.every((rule: { health: string }) => rule.health === 'ok');
    });
  });

  it('answers SQL beside the running server, read-only', async () => {
    const { stdout } = await pharos(
      ...['sql', "SELECT count() > 0 AS found FROM samples WHERE metric = 'up'", '--format', 'TSV'],
      ...['--data-dir', directory],
    );
    expect(stdout.trim()).toBe('1');
    const refused = await pharos('sql', 'DROP TABLE samples', '--data-dir', directory);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/READONLY|read-only|not allowed/i);
    const ttl = await pharos('sql', 'SHOW CREATE TABLE samples', '--format', 'TSVRaw', '--data-dir', directory);
    expect(ttl.stdout).toMatch(/TTL .*7776000|TTL .*toIntervalDay\(90\)/);
  });

  it('a second process is refused by name of the directory', async () => {
    const second = await pharos('--listen', '127.0.0.1:0', '--data-dir', directory);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(directory);
  });

  it('keeps its configuration when the new one is wrong, and says why', async () => {
    const good = await api('/api/v1/status/config');
    writeFileSync(config, 'global: { scrap_interval: 1s }\n');
    const { status, body } = await api('/-/reload', {});
    expect(status).toBe(500);
    expect(body).toContain(
      ':1:11: global.scrap_interval: unknown key "scrap_interval"; did you mean "scrape_interval"?',
    );
    expect(await api('/api/v1/status/config')).toEqual(good);
    const check = await pharos('check', 'config', config);
    expect(check.code).toBe(1);
    expect(check.stderr).toContain('scrap_interval');
  });

  it('ends at SIGTERM with 0 within 10 s', async () => {
    const before = Date.now();
    server.kill('SIGTERM');
    const [code] = await once(server, 'exit');
    expect(code).toBe(0);
    expect(Date.now() - before).toBeLessThan(10_000);
  });

  it('knows policies of a cluster by the name that the configuration gives it', async () => {
    const simulator = await startSimulator({ nodes: 2, pods: 10 });
    try {
      const create = async (resource: string, object: unknown): Promise<void> => {
        const headers = { authorization: `Bearer ${simulator.token}`, 'content-type': 'application/json' };
        const body = JSON.stringify(object);
        const { status } = await fetch(`${simulator.url}/apis/${resource}`, { method: 'POST', headers, body });
        expect(status).toBe(201);
      };
      for (const definition of parseAllDocuments(
        readFileSync(path.join(root, 'deploy/crd-alertpolicy.yaml'), 'utf8'),
      )) {
        await create('apiextensions.k8s.io/v1/customresourcedefinitions', definition.toJS());
      }
      await create('alerting.pharos.dev/v1/clusteralertpolicies', {
        apiVersion: 'alerting.pharos.dev/v1',
        kind: 'ClusterAlertPolicy',
        metadata: { name: 'ready' },
        spec: { level: 'node', conditions: [{ metric: 'k8s_node_status_ready', operator: 'lt', threshold: 1 }] },
      });
      const kubeconfig = path.join(directory, 'kubeconfig');
      writeFileSync(kubeconfig, simulator.kubeconfig);
      const cluster = `{ name: east, kubeconfig_file: ${kubeconfig} }`;
      writeFileSync(config, `global: { scrape_interval: 5s }\nkubernetes: { clusters: [${cluster}] }\n`);
      const args = ['cli/start.cjs', '--config', config, '--listen', url.slice('http://'.length)];
      server = spawn(process.execPath, [...args, '--data-dir', directory], { cwd: root, stdio: 'ignore' });
      await until('the policy is there', async () => {
        const { body } = await api('/api/v1/policies');
        return /^k8s-east-/.test(JSON.parse(body).data.policies[0].id);
      });
    } finally {
      await simulator.close();
    }
  }, 60_000);
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}
