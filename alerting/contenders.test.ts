import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type EmbeddedClient, openEmbeddedClient } from '../storage/clickhouse/embedded-client.ts';
import { startClickHouseHttpServer } from '../storage/clickhouse/http-server.ts';
import { migrate } from '../storage/clickhouse/schema.ts';
import { type CompiledProgram, compileProgram } from '../storage/compile-program.case.ts';

let program: CompiledProgram;
let engine: EmbeddedClient;
let server: Awaited<ReturnType<typeof startClickHouseHttpServer>>;
const dataDir = mkdtempSync(join(tmpdir(), 'pharos-contenders-'));
const children: ChildProcess[] = [];

beforeAll(async () => {
  program = compileProgram(join(import.meta.dirname, 'contender.case.ts'));
  engine = openEmbeddedClient({ path: join(dataDir, 'db') });
  await migrate(engine, 0, new AbortController().signal);
  server = await startClickHouseHttpServer({
    session: engine.session,
    openSession: () => engine.openSession(),
    listen: { host: '127.0.0.1', port: 0 },
    readOnly: false,
  });
}, 60_000);
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await server?.close();
  await engine?.close();
  program?.dispose();
  rmSync(dataDir, { recursive: true, force: true });
});

/** A process and when it acted as the leader, in nanoseconds of the machine's steady clock. */
class Process {
  readonly acts: bigint[] = [];
  readonly child: ChildProcess;
  readonly exited: Promise<unknown>;
  #rest = '';

  constructor(name: string) {
    const child = spawn(process.execPath, [program.path, server.url, name], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.child = child;
    this.exited = once(child, 'exit');
    children.push(child);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (this.#rest + text).split('\n');
      this.#rest = lines.pop()!;
      for (const line of lines) if (line !== 'ready') this.acts.push(BigInt(line));
    });
  }

  /** Whether it has acted after a time. */
  actedAfter(time: bigint): boolean {
    return (this.acts.at(-1) ?? 0n) > time;
  }
}

const seconds = (from: bigint, to: bigint) => Number(to - from) / 1e9;

test('of processes on one ClickHouse one leads; another takes over when it is killed, stopped or closed; never do two act', async () => {
  const all = ['a', 'b', 'c'].map((name) => new Process(name));
  const leader = async (after: bigint, than: readonly Process[] = []): Promise<Process> => {
    const found = () => all.find((one) => !than.includes(one) && one.actedAfter(after));
    await vi.waitFor(() => expect(found()).toBeDefined(), { timeout: 15_000, interval: 20 });
    return found()!;
  };
  const takeovers: number[] = [];
  const lose = async (former: Process, signal: NodeJS.Signals): Promise<Process> => {
    await sleep(1_000);
    const at = process.hrtime.bigint();
    former.child.kill(signal);
    const next = await leader(at, [former]);
    takeovers.push(seconds(at, next.acts.find((act) => act > at)!));
    return next;
  };
  const first = await leader(0n);
  const second = await lose(first, 'SIGSTOP');
  first.child.kill('SIGCONT');
  const third = await lose(second, 'SIGKILL');
  all.push(new Process('d'));
  const fourth = await lose(third, 'SIGTERM');
  await third.exited;
  await sleep(1_000);
  fourth.child.kill('SIGTERM');
  await fourth.exited;
  for (const takeover of takeovers) expect(takeover).toBeLessThan(15);
  // Who gave it up does not have to be waited for.
  expect(takeovers[2]).toBeLessThan(takeovers[1]!);
  const acts = all.flatMap(({ acts }, who) => acts.map((at) => ({ at, who })));
  acts.sort((a, b) => (a.at < b.at ? -1 : 1));
  const turns = acts.filter(({ who }, i) => who !== acts[i - 1]?.who).map(({ who }) => who);
  expect(turns.length).toBeGreaterThanOrEqual(4);
  // A process acts without another one in between, and again only when it has taken over again.
  expect(turns.slice(0, 4)).toEqual([first, second, third, fourth].map((one) => all.indexOf(one)));
  expect(acts.length).toBeGreaterThan(100);
}, 60_000);
