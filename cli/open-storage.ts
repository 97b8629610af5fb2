import { mkdir } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { readSecretFile } from '../collector/secret-file.ts';
import type { ServerClientOptions } from '../storage/clickhouse/server-client.ts';
import { type ClickHouseStorage, openClickHouseStorage } from '../storage/clickhouse/storage.ts';
import type { Storage } from '../storage/storage.ts';
import type { PharosConfig } from './config/config.ts';
import { onlyRemoteWrites, openRemoteWrites, withRemoteWrites } from './remote-writes.ts';
import type { Role } from './server-options.ts';
import { type ClickHouseSettings, databasePath, type Settings } from './settings.ts';

/** What a role appends to and asks. */
export interface OpenedStorage {
  readonly storage: Storage;
  /** The part of it that is ClickHouse; undefined at the edge, where samples are only sent. */
  readonly clickhouse: ClickHouseStorage | undefined;
}

/**
 * Opens the store and the outboxes of remote write; the data directory is made when it is missing. A collector that sends by
 * remote write and is given no ClickHouse server is at the edge: it opens no store at all.
 */
export async function openStorage(
  settings: Settings,
  config: PharosConfig,
  {
    role,
    server,
    ...deps
  }: {
    readonly role: Role;
    /** The ClickHouse server of the settings; undefined: the embedded engine. */
    readonly server: ServerClientOptions | undefined;
    readonly registry: Registry;
    readonly logger: Logger;
  },
): Promise<OpenedStorage> {
  await mkdir(settings.dataDir, { recursive: true, mode: 0o700 });
  // Nothing is appended in the role `query`; its outboxes would belong to another process.
  const sends = role !== 'query' && config.remoteWrite.length > 0;
  const remotes = sends ? await openRemoteWrites(config, { dataDir: settings.dataDir, ...deps }) : [];
  if (sends && role === 'collector' && server === undefined) {
    return { storage: onlyRemoteWrites(remotes, deps.logger), clickhouse: undefined };
  }
  try {
    const clickhouse = await openClickHouseStorage({
      clickhouse: server === undefined ? { embedded: { path: databasePath(settings.dataDir) } } : { server },
      dataDir: settings.dataDir,
      retention: settings.retention,
      outboxBytes: config.storage.outboxMaxSize,
      ...deps,
    });
    return { storage: withRemoteWrites(clickhouse, remotes, deps.logger), clickhouse };
  } catch (error) {
    await Promise.all(remotes.map((remote) => remote.close(0)));
    throw error;
  }
}

/** With the password read from its file. */
export async function serverClientOptions(clickhouse: ClickHouseSettings): Promise<ServerClientOptions> {
  const { url, user, password, passwordFile, database } = clickhouse;
  const secret =
    passwordFile === undefined
      ? password?.reveal()
      : await readSecretFile(passwordFile, "the ClickHouse server's password");
  return {
    url,
    ...(user === undefined ? {} : { user }),
    ...(secret === undefined ? {} : { password: secret }),
    ...(database === undefined ? {} : { database }),
  };
}
