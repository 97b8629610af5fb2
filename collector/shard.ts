import { hash } from 'node:crypto';

/** Which part of the work is this process': the `index`-th of `count`, counted from 0. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/**
 * True when the key falls to this shard. Depends on nothing but key and count, so that all collectors agree without talking:
 * every key belongs to exactly one of them. With one more shard, one key in `count + 1` moves, each to the new shard.
 */
export function isOwn({ index, count }: Shard, key: string): boolean {
  return count === 1 || shardOf(key, count) === index;
}

const MULTIPLIER = 2_862_933_555_777_941_757n;

/**
 * The shard from 0 to count - 1 that a key falls to: the jump consistent hash of Lamping and Veach ("A Fast, Minimal Memory,
 * Consistent Hash Algorithm", 2014) of the first 8 bytes of the key's SHA-1. A linear congruential generator that starts at
 * the hash tells at which counts the key moves on; the last such count below the given one is its shard.
 */
export function shardOf(key: string, count: number): number {
  let state = hash('sha1', key, 'buffer').readBigUInt64BE(0);
  let shard = 0;
  for (let next = 0; next < count; ) {
    shard = next;
    state = BigInt.asUintN(64, state * MULTIPLIER + 1n);
    next = Math.floor((shard + 1) * (2 ** 31 / (Number(state >> 33n) + 1)));
  }
  return shard;
}
