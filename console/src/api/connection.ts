import { useSyncExternalStore } from 'react';

const FIRST_PROBE = 500;
const PROBE_INTERVAL = 3_000;
const PROBE = '/-/ready';

const listeners = new Set<() => void>();
let lostAt: number | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Says that the server has answered, with which HTTP status. One that is not ready again, after it was away, is still away. */
export function noteAnswer(status: number): void {
  if (lostAt === undefined || status >= 500) return;
  lostAt = undefined;
  clearTimeout(timer);
  for (const listener of listeners) listener();
}

/** Says that the server could not be reached. From now on it is asked every few seconds, while the page can be seen, whether it is there again. */
export function noteSilence(): void {
  if (lostAt !== undefined) return;
  lostAt = Math.floor(Date.now() / 1000);
  timer = setTimeout(probe, FIRST_PROBE);
  for (const listener of listeners) listener();
}

/** Whether the server could not be reached when it was asked last. */
export function isLost(): boolean {
  return lostAt !== undefined;
}

/** Calls back when the server is lost, and when it is there again, until the function that it returns is called. */
export function onConnection(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Since when the server cannot be reached, in Unix seconds; undefined while it can. */
export function useLostAt(): number | undefined {
  return useSyncExternalStore(onConnection, () => lostAt);
}

async function probe(): Promise<void> {
  if (document.visibilityState === 'visible') {
    try {
      noteAnswer((await fetch(PROBE)).status);
    } catch {
      // Still away.
    }
  }
  if (lostAt !== undefined) timer = setTimeout(probe, PROBE_INTERVAL);
}
