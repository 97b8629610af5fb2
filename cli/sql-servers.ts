import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { type ClickHouseHttpServer, startClickHouseHttpServer } from '../storage/clickhouse/http-server.ts';
import type { ClickHouseStorage } from '../storage/clickhouse/storage.ts';
import type { Settings } from './settings.ts';
import { socketPath } from './sql-socket.ts';

/**
 * Serves the embedded store to SQL clients, read-only: on a socket in the data directory for `pharos sql`, and over HTTP
 * where the settings say. Returns how to end both. Rejects when the HTTP address cannot be used.
 */
export async function startSqlServers(
  storage: ClickHouseStorage | undefined,
  settings: Settings,
  deps: { readonly registry: Registry; readonly logger: Logger },
): Promise<() => Promise<void>> {
  const embedded = storage?.embedded;
  if (embedded === undefined) {
    if (settings.clickhouseHttp !== undefined) {
      throw new Error(
        storage === undefined
          ? '--clickhouse-http serves the embedded store; a collector that only sends has none'
          : '--clickhouse-http serves the embedded store; with --clickhouse, ask that server',
      );
    }
    return async () => {};
  }
  const common = {
    session: embedded.session,
    openSession: () => embedded.openSession(),
    readOnly: true,
    logger: deps.logger,
  };
  const servers: ClickHouseHttpServer[] = [];
  const socket = socketPath(settings.dataDir);
  if (socket.usable) servers.push(await startClickHouseHttpServer({ ...common, listen: { socket: socket.address } }));
  else
    deps.logger.warn({ path: socket.address }, 'the data directory has too long a path for the socket of `pharos sql`');
  if (settings.clickhouseHttp !== undefined) {
    servers.push(
      await startClickHouseHttpServer({ ...common, registry: deps.registry, listen: settings.clickhouseHttp }),
    );
  }
  return async () => {
    for (const server of servers) await server.close();
  };
}
