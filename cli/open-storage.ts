import { mkdir } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { readSecretFile } from '../collector/secret-file.ts';
import type { ServerClientOptions } from '../storage/clickhouse/server-client.ts';
import { type ClickHouseStorage, openClickHouseStorage } from '../storage/clickhouse/storage.ts';
import type { PharosConfig } from './config/config.ts';
import { type ClickHouseSettings, databasePath, type Settings } from './settings.ts';

/** Opens the store; the data directory is made when it is missing. */
export async function openStorage(
  settings: Settings,
  config: PharosConfig,
  {
    server,
    ...deps
  }: {
    /** The ClickHouse server of the settings; undefined: the embedded engine. */
    readonly server: ServerClientOptions | undefined;
    readonly registry: Registry;
    readonly logger: Logger;
  },
): Promise<ClickHouseStorage> {
  await mkdir(settings.dataDir, { recursive: true, mode: 0o700 });
  return openClickHouseStorage({
    clickhouse: server === undefined ? { embedded: { path: databasePath(settings.dataDir) } } : { server },
    dataDir: settings.dataDir,
    retention: settings.retention,
    outboxBytes: config.storage.outboxMaxSize,
    ...deps,
  });
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
