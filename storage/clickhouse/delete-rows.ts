import type { ClickHouseClient } from './client.ts';
import { raced } from './raced.ts';

/**
 * A lightweight delete, of `TABLE WHERE CONDITION`: a mask over the rows, which merges make good later. Resolves when every part has
 * its mask.
 */
export async function deleteRows(client: ClickHouseClient, what: string, signal: AbortSignal): Promise<void> {
  const sync = await syncSettings(client, signal);
  const message = 'the deletion was canceled; what has begun of it goes on';
  await raced(client.command(`DELETE FROM ${what} ${sync}`), signal, message);
}

/** The settings that make a delete wait. Older versions of ClickHouse do not have one of their own for it. */
export async function syncSettings(client: ClickHouseClient, signal: AbortSignal): Promise<string> {
  const sql = `SELECT name FROM system.settings WHERE name IN ('lightweight_deletes_sync', 'mutations_sync')`;
  const names = await client.query<{ name: string }>(sql, signal);
  return `SETTINGS ${names.map(({ name }) => `${name} = 2`).join(', ')}`;
}
