import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Child, type Children, untilReady } from '../children.ts';
import { type Contender, type ContenderOptions, diskBytes, freePort } from './contender.ts';

const run = promisify(execFile);

/** The compiled command line, beside the compiled benchmark. */
export const PHAROS = join(import.meta.dirname, '../../cli/pharos.js');

/** Where and with what a Pharos server runs. */
export interface PharosOptions {
  readonly children: Children;
  readonly config: string;
  readonly dataDir: string;
  readonly log: string;
  readonly port: number;
  /** Further options of the command line. */
  readonly args?: readonly string[];
}

/** Starts a server and waits until it is ready. */
export async function startPharosServer(options: PharosOptions): Promise<Child> {
  const { children, config, dataDir, log, port, args = [] } = options;
  const listen = `127.0.0.1:${port}`;
  const command: [string, ...string[]] = [
    process.execPath,
    PHAROS,
    ...['--config', config, '--listen', listen, '--data-dir', dataDir, ...args],
  ];
  const child = children.start('pharos', command, { log });
  await untilReady(child, `http://${listen}/-/ready`, { timeout: 60_000, log });
  return child;
}

/** Rows of a SELECT on a store, through `pharos sql`, which also works beside a running server. */
export async function pharosSql<T>(dataDir: string, statement: string): Promise<T[]> {
  const args = [PHAROS, 'sql', statement, '--data-dir', dataDir, '--format', 'JSONEachRow'];
  const { stdout } = await run(process.execPath, args, { timeout: 300_000, maxBuffer: 64 * 1024 * 1024 });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

/** Starts Pharos, all roles in one process, on an embedded store. */
export async function startPharos(options: ContenderOptions): Promise<Contender> {
  const { children, directory } = options;
  const config = join(directory, 'pharos.yml');
  writeFileSync(config, options.config);
  const dataDir = join(directory, 'data');
  const log = join(directory, 'log');
  const port = await freePort();
  const child = await startPharosServer({ children, config, dataDir, log, port });
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
  const { Session } = await import('chdb');
  const session = new Session(join(dataDir, 'clickhouse'));
  try {
    const tables = session.query(
      "SELECT concat('`', database, '`.`', name, '`') FROM system.tables WHERE engine LIKE '%MergeTree' AND database != 'system'",
      'TabSeparatedRaw',
    );
    for (const table of tables.split('\n').filter((line) => line !== ''))
      session.query(`OPTIMIZE TABLE ${table} FINAL`);
    const bytes = (condition: string) =>
      Number(
        session.query(
          `SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database != 'system' AND ${condition}`,
          'TabSeparated',
        ),
      );
    return { samples: bytes("table = 'samples'"), index: bytes("table != 'samples'") };
  } finally {
    session.close();
  }
}
