import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();
let now = seconds();

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** Lets the console's `now` be the time it is: whatever shows a range that ends now is loaded again. */
export function advanceClock(): void {
  const next = seconds();
  if (next === now) return;
  now = next;
  for (const listener of listeners) listener();
}

/** Unix seconds; the same for all of the page, and standing still until `advanceClock`. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
