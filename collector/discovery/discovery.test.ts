import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PLAIN_HTTP_CLIENT } from '../http-transport.ts';
import type { DiscoveryConfig, TargetGroup } from '../scrape/scrape-config.ts';
import { startDiscovery } from './discovery.ts';

const client = PLAIN_HTTP_CLIENT;

/** Discovery that runs until the test is over. */
class Running {
  readonly emitted: (readonly TargetGroup[])[] = [];
  readonly log: string[] = [];
  readonly registry = new Registry();
  readonly #controller = new AbortController();
  readonly done: Promise<void>;

  constructor(configs: readonly DiscoveryConfig[]) {
    const logger: Logger = pino({ level: 'info' }, { write: (line: string) => void this.log.push(line) });
    this.done = startDiscovery(configs, {
      emit: (groups) => void this.emitted.push(groups),
      signal: this.#controller.signal,
      logger,
      job: 'j',
      registry: this.registry,
      debounce: 20,
    });
  }

  get targets(): string[] | undefined {
    return this.emitted.at(-1)?.flatMap((group) => group.targets.map(String));
  }

  async until(targets: readonly string[]): Promise<void> {
    await vi.waitFor(() => expect(this.targets).toEqual(targets), { timeout: 15_000, interval: 20 });
  }

  async untilLogged(pattern: RegExp): Promise<void> {
    await vi.waitFor(() => expect(this.log.join('')).toMatch(pattern), { timeout: 15_000, interval: 20 });
  }

  async stop(): Promise<void> {
    this.#controller.abort();
    await this.done;
  }
}

let directory: string;
let running: Running | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pharos-discovery-'));
});

afterEach(async () => {
  await running?.stop();
  running = undefined;
  await rm(directory, { recursive: true, force: true });
});

describe('static', () => {
  it('emits at once, and only once', async () => {
    const groups = [{ targets: ['a:1', 'b:2'], labels: { env: 'x' }, source: '0' }];
    running = new Running([{ kind: 'static', groups }]);
    expect(running.emitted).toEqual([[{ ...groups[0], source: 'static/0/0' }]]);
    expect(await running.registry.metrics()).toContain('pharos_discovery_targets{job="j"} 2');
    await running.stop();
    expect(running.emitted).toHaveLength(1);
  });

  it('emits the groups of all sources together, unchanged ones as the same objects', async () => {
    const path = join(directory, 'a.json');
    await writeFile(path, JSON.stringify([{ targets: ['f:1'] }, { targets: ['f:2', 'f:3'] }]));
    const groups = [{ targets: ['a:1', 'b:2'], labels: {}, source: '0' }];
    running = new Running([
      { kind: 'static', groups },
      { kind: 'file', files: [path], refreshInterval: 3_600_000 },
      { kind: 'static', groups },
    ]);
    await running.until(['a:1', 'b:2', 'f:1', 'f:2', 'f:3', 'a:1', 'b:2']);
    expect(await running.registry.metrics()).toContain('pharos_discovery_targets{job="j"} 7');
    await writeFile(path, JSON.stringify([{ targets: ['f:4'] }]));
    await running.until(['a:1', 'b:2', 'f:4', 'a:1', 'b:2']);
    expect(await running.registry.metrics()).toContain('pharos_discovery_targets{job="j"} 5');
    const [before, after] = running.emitted.slice(-2);
    expect(after![0]).toBe(before![0]);
    expect(after![2]).toBe(before![3]);
    expect(after!.map(({ source }) => source)).toEqual(['static/0/0', `file/1/${path}:0`, 'static/2/0']);
  });

  it('keeps its metric while the job runs anywhere', async () => {
    const groups = [{ targets: ['a:1'], labels: {}, source: '0' }];
    const registry = new Registry();
    const controllers = [new AbortController(), new AbortController()];
    // A reload may start the new one before it stops the old one.
    const runs = controllers.map(({ signal }) =>
      startDiscovery([{ kind: 'static', groups }], {
        emit() {},
        signal,
        logger: pino({ enabled: false }),
        job: 'j',
        registry,
      }),
    );
    controllers[0]!.abort();
    expect(await registry.metrics()).toContain('pharos_discovery_targets{job="j"} 1');
    controllers[1]!.abort();
    expect(await registry.metrics()).not.toContain('pharos_discovery_targets{job="j"}');
    await Promise.all(runs);
  });

  it('emits an empty list for a job without sources', () => {
    running = new Running([]);
    expect(running.emitted).toEqual([[]]);
  });
});

describe('files', () => {
  const file = (...names: string[]): DiscoveryConfig => ({
    kind: 'file',
    files: names.map((name) => join(directory, name)),
    refreshInterval: 3_600_000,
  });

  it('follows changes, additions and removals', async () => {
    const path = join(directory, 'a.json');
    await writeFile(path, JSON.stringify([{ targets: ['a:1'], labels: { env: 'x' } }]));
    running = new Running([file('*.json', 'one.yml')]);
    await running.until(['a:1']);
    expect(running.emitted.at(-1)).toEqual([
      { targets: ['a:1'], labels: { env: 'x', __meta_filepath: path }, source: `file/0/${path}:0` },
    ]);
    await writeFile(join(directory, 'one.yml'), '- targets: [y:1]\n- targets: [y:2]\n  labels: {a: b}\n');
    await running.until(['a:1', 'y:1', 'y:2']);
    await writeFile(join(directory, 'next.tmp'), JSON.stringify([{ targets: ['a:2'] }]));
    await rename(join(directory, 'next.tmp'), path);
    await running.until(['a:2', 'y:1', 'y:2']);
    await rm(join(directory, 'one.yml'));
    await running.until(['a:2']);
    await rm(path);
    await running.until([]);
  });

  it('keeps the content of a file that has become bad, and says why', async () => {
    const path = join(directory, 'a.yml');
    await writeFile(path, '- targets: [a:1]\n');
    running = new Running([file('a.yml')]);
    await running.until(['a:1']);
    await writeFile(path, '- targets: {a: 1}\n');
    await running.untilLogged(/a\.yml: \[0\]\.targets: expected a list of addresses, got a map/);
    expect(running.targets).toEqual(['a:1']);
    await writeFile(path, '- targets: [a:1\n');
    await running.untilLogged(/at line \d+, column \d+/);
    await writeFile(path, '- targets: [a:3]\n');
    await running.until(['a:3']);
    await running.untilLogged(/can be read again/);
    expect(await running.registry.metrics()).toMatch(/pharos_discovery_failures_total\{job="j",kind="file"\} [1-9]/);
  });

  it('notices a directory that is swapped behind a symbolic link, as Kubernetes does', async () => {
    for (const [name, target] of [
      ['v1', 'a:1'],
      ['v2', 'a:2'],
    ] as const) {
      await mkdir(join(directory, name));
      await writeFile(join(directory, name, 'targets.json'), JSON.stringify([{ targets: [target] }]));
    }
    await symlink('v1', join(directory, '..data'));
    await symlink(join('..data', 'targets.json'), join(directory, 'targets.json'));
    running = new Running([file('targets.json')]);
    await running.until(['a:1']);
    await symlink('v2', join(directory, '..next'));
    await rename(join(directory, '..next'), join(directory, '..data'));
    await running.until(['a:2']);
  });

  it('finds a directory that appears later by its refresh interval', async () => {
    running = new Running([{ kind: 'file', files: [join(directory, 'later', '*.json')], refreshInterval: 50 }]);
    await running.until([]);
    await mkdir(join(directory, 'later'));
    await writeFile(join(directory, 'later', 'x.json'), '[{"targets":["x:1"]}]');
    await running.until(['x:1']);
  });
});

describe('http', () => {
  let server: Server;
  let url: string;
  let answer: (response: ServerResponse) => void;
  let headers: Record<string, unknown> = {};

  beforeEach(async () => {
    server = createServer((request, response) => {
      headers = request.headers;
      answer(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/targets`;
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const json = (body: unknown, type = 'application/json; charset=utf-8') => {
    return (response: ServerResponse): void => {
      response.setHeader('content-type', type);
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    };
  };

  it('asks again, follows changes and keeps targets through bad answers', async () => {
    answer = json([{ targets: ['a:1'], labels: { env: 'x' } }]);
    running = new Running([{ kind: 'http', url, refreshInterval: 200, client }]);
    await running.until(['a:1']);
    expect(running.emitted.at(-1)?.[0]?.labels).toEqual({ env: 'x', __meta_url: url });
    expect(headers).toMatchObject({
      accept: 'application/json',
      'x-prometheus-refresh-interval-seconds': '0.2',
    });
    answer = (response) => {
      response.statusCode = 500;
      response.end('secret backend detail');
    };
    await running.untilLogged(/expected status 200, got 500/);
    answer = json('<html>', 'text/html');
    await running.untilLogged(/content type application\/json, got \\"text\/html\\"/);
    answer = json('[{');
    await running.untilLogged(/expected JSON/);
    answer = json([{ targets: ['a:1'], lables: {} }]);
    await running.untilLogged(/unknown key \\"lables\\"/);
    expect(running.emitted).toHaveLength(1);
    expect(running.log.join('')).not.toContain('backend detail');
    answer = json([{ targets: ['a:2'] }]);
    await running.until(['a:2']);
    answer = json([]);
    await running.until([]);
  });

  it('gives up on an answer that does not end, and does not hold back other sources', async () => {
    answer = (response) => void response.writeHead(200, { 'content-type': 'application/json' }).write(' ');
    running = new Running([
      { kind: 'http', url, refreshInterval: 100, client },
      { kind: 'static', groups: [{ targets: ['s:1'], labels: {}, source: '0' }] },
    ]);
    await running.until(['s:1']);
    await running.untilLogged(/no answer within 100 ms/);
    answer = json([{ targets: ['h:1'] }]);
    await running.until(['h:1', 's:1']);
  });
});
