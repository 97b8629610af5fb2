import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openEmbeddedClient } from '../../storage/clickhouse/embedded-client.ts';
import { type Child, type Children, untilReady } from '../children.ts';
import { type Contender, type ContenderOptions, diskBytes, freePort } from './contender.ts';

const run = promisify(execFile);

/** The project's folder: three up from dist/bench/contenders. */
const ROOT = join(import.meta.dirname, '../../..');

/** The arguments of Node with which `npm start` runs the command line. */
export const PHAROS: readonly string[] = startArguments();

function startArguments(): readonly string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: { start: string } };
  return scripts.start
    .split(' ')
    .slice(1)
    .map((word) => (word.startsWith('-') ? word : join(ROOT, word)));
}

/** Where and with what a Pharos server runs. */
export interface PharosOptions {
  readonly children: Children;
  readonly config: string;
  readonly dataDir: string;
  readonly log: string;
  readonly port: number;
  /** All roles when it is not given. */
  readonly role?: 'collector' | 'query' | 'alerting';
  /** Further options of the command line. */
  readonly args?: readonly string[];
}

/** Starts a server and waits until it is ready. */
export async function startPharosServer(options: PharosOptions): Promise<Child> {
  const { children, config, dataDir, log, port, role, args = [] } = options;
  const listen = `127.0.0.1:${port}`;
  const command: [string, ...string[]] = [
    process.execPath,
    ...PHAROS,
    ...(role === undefined ? [] : [role]),
    ...['--config', config, '--listen', listen, '--data-dir', dataDir, ...args],
  ];
  const child = children.start('pharos', command, { log });
  await untilReady(child, `http://${listen}/-/ready`, { timeout: 60_000, log });
  return child;
}

/** Rows of a SELECT on a store, through `pharos sql`, which also works beside a running server. */
export async function pharosSql<T>(dataDir: string, statement: string): Promise<T[]> {
  const args = [...PHAROS, 'sql', statement, '--data-dir', dataDir, '--format', 'JSONEachRow'];
  const { stdout } = await run(process.execPath, args, { timeout: 300_000, maxBuffer: 64 * 1024 * 1024 });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

/** Starts Pharos, all roles in one process, on an embedded store. */
export async function startPharos(options: ContenderOptions): Promise<Contender> {
  const { children, directory, args = [] } = options;
  const config = join(directory, 'pharos.yml');
  writeFileSync(config, options.config);
  const dataDir = join(directory, 'data');
  const log = join(directory, 'log');
  const port = await freePort();
  const child = await startPharosServer({ children, config, dataDir, log, port, args });
  return {
    name: 'pharos',
    child,
    url: `http://127.0.0.1:${port}`,
    async flush() {},
    async diskUse() {
      const now = await diskBytes(dataDir);
      await children.stop(child);
      return { now, ...(await mergedBytes(dataDir)), how: 'table samples and the other tables after OPTIMIZE FINAL' };
    },
  };
}

/** Merges every table of a stopped store to the end and says what their parts take. */
async function mergedBytes(dataDir: string): Promise<{ samples: number; index: number }> {
  const store = openEmbeddedClient({ path: databaseDirectory(dataDir) });
  try {
    const signal = AbortSignal.timeout(300_000);
    const tables = await store.query<{ name: string }>(
      "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'",
      signal,
    );
    for (const { name } of tables) await store.command(`OPTIMIZE TABLE ${name} FINAL`);
    const parts = await store.query<{ table: string; bytes: string }>(
      'SELECT table, sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table',
      signal,
    );
    const sizes = new Map(parts.map(({ table, bytes }) => [table, Number(bytes)]));
    const samples = sizes.get('samples') ?? 0;
    return { samples, index: [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0) - samples };
  } finally {
    await store.close();
  }
}

/** The embedded engine's own directory within a data directory: the one with the engine's configuration. */
function databaseDirectory(dataDir: string): string {
  const places = [dataDir, ...readdirSync(dataDir, { withFileTypes: true }).map(({ name }) => join(dataDir, name))];
  const found = places.find((place) => existsSync(join(place, 'engine.xml')));
  if (found === undefined) throw new Error(`there is no embedded database in ${dataDir}`);
  return found;
}
