/**
 * A ClickHouse server for tests by hand, where none is installed: the embedded engine behind ClickHouse's HTTP protocol,
 * with writing allowed, on loopback until SIGTERM.
 *
 *     node dist/test/clickhouse-server.js DIRECTORY [HOST:]PORT [USER PASSWORD_FILE]
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { openEmbeddedClient } from '../storage/clickhouse/embedded-client.ts';
import { startClickHouseHttpServer } from '../storage/clickhouse/http-server.ts';

const [directory, address, user, passwordFile] = process.argv.slice(2);
if (directory === undefined || address === undefined || (user !== undefined && passwordFile === undefined)) {
  console.error('usage: node dist/test/clickhouse-server.js DIRECTORY [HOST:]PORT [USER PASSWORD_FILE]');
  process.exit(2);
}
const [port, host = '127.0.0.1'] = address.split(':').reverse();
const client = openEmbeddedClient({ path: directory });
const server = await startClickHouseHttpServer({
  session: client.session,
  openSession: () => client.openSession(),
  listen: { host, port: Number(port) },
  ...(user !== undefined && { user, password: readFileSync(passwordFile!, 'utf8').trim() }),
  readOnly: false,
});
console.log(server.url);
await once(process, 'SIGTERM');
await server.close();
await client.close();
