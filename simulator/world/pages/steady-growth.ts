import { hash32 } from '../random.ts';

const DAY = 86_400_000;

/**
 * A counter that grows at `rate` per second on average, faster by day and slower by night: the exact integral since `since`,
 * so that it is the same whenever it is asked for. `key` moves the curve and the rate, so that no two are alike.
 */
export function steadyGrowth(
  rate: number,
  { since, now, key }: { readonly since: number; readonly now: number; readonly key: string },
): number {
  if (now <= since) return 0;
  const seed = hash32(key) / 2 ** 32;
  const phase = seed * 2 * Math.PI;
  const turn = (2 * Math.PI) / DAY;
  const wave = (0.35 / turn) * (Math.cos(phase + turn * since) - Math.cos(phase + turn * now));
  return (rate * (0.7 + 0.6 * seed) * (now - since + wave)) / 1000;
}
