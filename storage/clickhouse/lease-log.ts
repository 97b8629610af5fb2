import { type LeaseClaim, type LeaseLog, MAX_CLAIMS } from '../lease-log.ts';
import { bounded } from './bounded.ts';
import type { ClickHouseClient } from './client.ts';
import { columnOf, int64At } from './native-block.ts';
import { raced } from './raced.ts';
import { sqlString } from './sql-literal.ts';

export interface ClickHouseLeaseLogOptions {
  readonly client: ClickHouseClient;
  /** Throws a StorageError while the tables are not there. */
  readonly ready: () => void;
}

/**
 * Claims in the table `leases`, written directly. Of inserts with the same deduplication token ClickHouse stores only the first: so
 * of those who take the same term at once, all but one do not even disturb the one. The table's engine keeps one row of each holder
 * and term. It must be one server: of a cluster, a replica may not know yet what another one has acknowledged.
 */
export class ClickHouseLeaseLog implements LeaseLog {
  readonly #options: ClickHouseLeaseLogOptions;

  constructor(options: ClickHouseLeaseLogOptions) {
    this.#options = options;
  }

  async claim(lease: Omit<LeaseClaim, 'renewedAt'>, signal: AbortSignal): Promise<void> {
    this.#options.ready();
    const { name, holder, term, sequence, released } = lease;
    const deduplication =
      sequence === 1
        ? `insert_deduplicate = 1, insert_deduplication_token = ${sqlString(JSON.stringify([name, term]))}`
        : 'insert_deduplicate = 0';
    const values = [sqlString(name), sqlString(holder), term, sequence, released ? 1 : 0];
    const sql =
      `INSERT INTO leases (name, holder, term, sequence, released) SETTINGS async_insert = 0, ${deduplication} ` +
      `VALUES (${values.join(', ')})`;
    await bounded((within) => raced(this.#options.client.command(sql), within, 'the claim was canceled'), { signal });
  }

  async read(name: string, signal: AbortSignal): Promise<readonly LeaseClaim[]> {
    this.#options.ready();
    const sql =
      `SELECT holder, term, sequence, toUInt8(released), renewed FROM leases WHERE name = ${sqlString(name)} ` +
      `ORDER BY term DESC, holder DESC, sequence DESC LIMIT 1 BY term, holder LIMIT ${MAX_CLAIMS}`;
    return bounded(
      async (within) => {
        const claims: LeaseClaim[] = [];
        for await (const block of this.#options.client.stream(sql, within)) {
          for (let row = 0; row < block.rows; row++) {
            claims.push({
              name,
              holder: columnOf(block, 0, 'string')[row]!,
              term: int64At(columnOf(block, 1, 'int64'), row),
              sequence: int64At(columnOf(block, 2, 'int64'), row),
              released: columnOf(block, 3, 'uint8')[row] === 1,
              renewedAt: int64At(columnOf(block, 4, 'int64'), row),
            });
          }
        }
        return claims;
      },
      { signal },
    );
  }
}
