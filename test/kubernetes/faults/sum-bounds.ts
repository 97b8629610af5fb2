/** A container at a moment. */
export interface ContainerUse {
  readonly id: string;
  readonly bytes: number;
  /** It has run for so long that it must be in a sum. */
  readonly isSettled: boolean;
}

/**
 * Between what a sum over containers may be that was made within a span, given who ran at each moment of it. Membership is that of
 * one moment: who is gone is out of a sum at once, and nobody is in it twice. The values may be of different moments of the span,
 * because each kubelet is scraped at its own: where load moves from one container to another in a moment, the sum of what both were
 * scraped with is none that there ever was.
 */
export function sumBounds(moments: readonly (readonly ContainerUse[])[]): {
  readonly low: number;
  readonly high: number;
} {
  const extremes = new Map<string, { least: number; most: number }>();
  for (const { id, bytes } of moments.flat()) {
    const { least, most } = extremes.get(id) ?? { least: bytes, most: bytes };
    extremes.set(id, { least: Math.min(least, bytes), most: Math.max(most, bytes) });
  }
  const lows = moments.map((uses) =>
    uses.filter(({ isSettled }) => isSettled).reduce((sum, { id }) => sum + extremes.get(id)!.least, 0),
  );
  const highs = moments.map((uses) => uses.reduce((sum, { id }) => sum + extremes.get(id)!.most, 0));
  return { low: Math.min(...lows), high: Math.max(...highs) };
}
