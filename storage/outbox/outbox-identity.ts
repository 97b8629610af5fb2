import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory, writeFile } from './durable-file.ts';

/** What makes the numbers of an outbox' segments unique: epoch and sequence never repeat, whatever was deleted before a crash. */
export interface OutboxIdentity {
  /** Random, made when the directory was first used. */
  readonly store: string;
  /** Greater than in every earlier opening. */
  readonly epoch: number;
}

/** Takes the next epoch of a directory, durable before this resolves. The caller holds the directory's lock. */
export async function openIdentity(directory: string): Promise<OutboxIdentity> {
  const path = join(directory, 'identity.json');
  let last: OutboxIdentity = { store: randomUUID(), epoch: 0 };
  if (existsSync(path)) last = JSON.parse(readFileSync(path, 'utf8')) as OutboxIdentity;
  const next = { store: last.store, epoch: last.epoch + 1 };
  await writeFile(`${path}.tmp`, [Buffer.from(JSON.stringify(next))]);
  await rename(`${path}.tmp`, path);
  await syncDirectory(directory);
  return next;
}
