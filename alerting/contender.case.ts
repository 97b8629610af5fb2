/**
 * One of the processes that contenders.test.ts stops and kills: contends for a lease in a ClickHouse server and, while it leads,
 * says so all the time, with the time of the machine's steady clock. Closes on SIGTERM.
 *
 *     node contender.case.js <url> <name>
 */
import { writeSync } from 'node:fs';
import { pino } from 'pino';
import { ClickHouseLeaseLog } from '../storage/clickhouse/lease-log.ts';
import { createServerClient } from '../storage/clickhouse/server-client.ts';
import { StoreLeadership } from './store-leadership.ts';

const [url = '', identity = ''] = process.argv.slice(2);
const client = createServerClient({ url });
const leadership = new StoreLeadership({
  leaseLog: new ClickHouseLeaseLog({ client, ready: () => {} }),
  name: 'alerting',
  identity,
  logger: pino({ level: 'silent' }),
  leaseDuration: 4_000,
  renewDeadline: 3_000,
  renewPeriod: 800,
  lookPeriod: 400,
});
const acting = setInterval(() => {
  if (leadership.isLeader()) writeSync(1, `${process.hrtime.bigint()}\n`);
}, 5);
writeSync(1, 'ready\n');
process.once('SIGTERM', async () => {
  await leadership.close();
  clearInterval(acting);
  await client.close();
});
