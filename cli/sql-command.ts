import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { request } from 'undici';
import { openEmbeddedClient } from '../storage/clickhouse/embedded-client.ts';
import { startClickHouseHttpServer } from '../storage/clickhouse/http-server.ts';
import { StorageError } from '../storage/errors.ts';
import { databasePath } from './settings.ts';
import { socketPath } from './sql-socket.ts';

export interface SqlCommand {
  readonly statement: string;
  /** Of the embedded store; ignored when `clickhouse` is given. */
  readonly dataDir: string;
  /** The URL of a server. */
  readonly clickhouse?: string;
  /** An output format of ClickHouse. */
  readonly format: string;
}

/** How long a statement may take. */
const TIMEOUT = 10 * 60_000;

/**
 * Runs one statement and writes its result. The embedded store is reached through the running server that owns it, or
 * opened when nobody does; both ways only reading is possible. Throws an Error with ClickHouse's message.
 */
export async function runSqlCommand(command: SqlCommand, out: Writable): Promise<void> {
  if (command.clickhouse !== undefined) {
    const url = new URL(command.clickhouse);
    const headers: Record<string, string> = {};
    if (url.username !== '') headers['x-clickhouse-user'] = decodeURIComponent(url.username);
    if (url.password !== '') headers['x-clickhouse-key'] = decodeURIComponent(url.password);
    const database = url.pathname.slice(1);
    if (database !== '') headers['x-clickhouse-database'] = database;
    return send(url.origin, { headers, command, out });
  }
  const socket = socketPath(command.dataDir);
  if (existsSync(socket.address)) {
    const { Agent } = await import('undici');
    const dispatcher = new Agent({ connect: { socketPath: socket.address } });
    try {
      return await send('http://pharos', { headers: {}, command, out, dispatcher });
    } catch (error) {
      // A socket that a killed server left behind.
      if (!['ECONNREFUSED', 'ENOENT'].includes((error as { code?: string }).code ?? '')) throw error;
    } finally {
      await dispatcher.close();
    }
  }
  const directory = databasePath(path.resolve(command.dataDir));
  if (!existsSync(directory))
    throw new Error(`there is no store in ${path.resolve(command.dataDir)}: name it with --data-dir`);
  const client = openStore(directory);
  try {
    const server = await startClickHouseHttpServer({ session: client.session, listen: { port: 0 }, readOnly: true });
    try {
      await send(server.url, { headers: {}, command, out });
    } finally {
      await server.close();
    }
  } finally {
    await client.close();
  }
}

function openStore(directory: string): ReturnType<typeof openEmbeddedClient> {
  try {
    return openEmbeddedClient({ path: directory });
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    throw new Error(error.message, { cause: error });
  }
}

async function send(
  url: string,
  request_: {
    readonly headers: Record<string, string>;
    readonly command: SqlCommand;
    readonly out: Writable;
    readonly dispatcher?: import('undici').Dispatcher;
  },
): Promise<void> {
  const { headers, command, out, dispatcher } = request_;
  const { statusCode, body } = await request(`${url}/?default_format=${encodeURIComponent(command.format)}`, {
    method: 'POST',
    headers,
    body: command.statement,
    signal: AbortSignal.timeout(TIMEOUT),
    headersTimeout: TIMEOUT,
    bodyTimeout: TIMEOUT,
    ...(dispatcher === undefined ? {} : { dispatcher }),
  });
  if (statusCode !== 200) throw new Error((await body.text()).trim());
  for await (const chunk of body) {
    if (!out.write(chunk)) await new Promise((resolve) => out.once('drain', resolve));
  }
}
