import type { Labels } from '../../storage/labels.ts';

/** An instant query: `time` in milliseconds. Rejects with a QueryError. */
export type InventoryQuery = (
  expr: string,
  time: number,
  signal: AbortSignal,
) => Promise<{ readonly samples: readonly { readonly labels: Labels; readonly value: number }[] }>;

/** One moment of the inventory: everything is asked for as of the same time. */
export interface Reading {
  readonly query: InventoryQuery;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly signal: AbortSignal;
}

/** An expression with what is done with each of its samples. */
export interface Part {
  readonly expr: string;
  readonly take: (labels: Labels, value: number) => void;
}

/** How many whole seconds ago something was made, by a time in seconds since 1970. */
export function ageAt({ time }: Reading, made: number): number {
  return Math.max(0, Math.round(time / 1000 - made));
}

/** How many queries of a reading run at a time: the rest of the engine is for others. */
const AT_A_TIME = 4;

/**
 * Asks for all parts, a few at a time. Their samples are taken when all of them are there, part by part in the order given, so a
 * part may build on what those before it have made. Values that are not finite are left out.
 */
export async function read({ query, time, signal }: Reading, parts: readonly Part[]): Promise<void> {
  const answers: Awaited<ReturnType<InventoryQuery>>[] = new Array(parts.length);
  const waiting = parts.entries();
  const ask = async (): Promise<void> => {
    for (const [i, { expr }] of waiting) answers[i] = await query(expr, time, signal);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, ask));
  for (const [i, { samples }] of answers.entries()) {
    const { take } = parts[i]!;
    for (const { labels, value } of samples) if (Number.isFinite(value)) take(labels, value);
  }
}
