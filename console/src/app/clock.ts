import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();
let now = seconds();

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** Lets the console's `now` be the time it is: whatever shows a range that ends now, or is live, is loaded again. */
export function advanceClock(): void {
  const next = seconds();
  if (next === now) return;
  now = next;
  for (const listener of listeners) listener();
}

/** The same, but what is shown already is told nothing: for the time of a page that is about to be drawn. */
export function setClock(): void {
  now = seconds();
}

/** Calls back whenever the clock is advanced, until the function that it returns is called. */
export function onAdvance(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Unix seconds; the same for all of the page, and standing still until `advanceClock`. */
export function useNow(): number {
  return useSyncExternalStore(onAdvance, () => now);
}
