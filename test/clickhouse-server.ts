/**
 * A ClickHouse server for tests by hand, where none is installed: the embedded engine behind ClickHouse's HTTP protocol,
 * with writing allowed, on loopback until SIGTERM.
 *
 *     node dist/test/clickhouse-server.js DIRECTORY PORT
 */
import { once } from 'node:events';
import { openEmbeddedClient } from '../storage/clickhouse/embedded-client.ts';
import { startClickHouseHttpServer } from '../storage/clickhouse/http-server.ts';

const [directory, port] = process.argv.slice(2);
if (directory === undefined || port === undefined) {
  console.error('usage: node dist/test/clickhouse-server.js DIRECTORY PORT');
  process.exit(2);
}
const client = openEmbeddedClient({ path: directory });
const server = await startClickHouseHttpServer({
  session: client.session,
  openSession: () => client.openSession(),
  listen: { port: Number(port) },
  readOnly: false,
});
console.log(server.url);
await once(process, 'SIGTERM');
await server.close();
await client.close();
