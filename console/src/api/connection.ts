import { useSyncExternalStore } from 'react';

const FIRST_PROBE = 500;
const PROBE_INTERVAL = 3_000;
const PROBE = '/-/ready';
/** Answered from the store, at next to no cost. */
const STORE_PROBE = '/api/v1/metadata?metric=up&limit=1';

/** Since when the store behind the server does not answer, in Unix seconds, and what the server says of that. */
export interface LostStore {
  readonly since: number;
  readonly reason: string;
}

const listeners = new Set<() => void>();
let lostAt: number | undefined;
let lostStore: LostStore | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let isStoreProbed = false;

/** Says that the server has answered, with which HTTP status. One that is not ready again, after it was away, is still away. */
export function noteAnswer(status: number): void {
  if (lostAt === undefined || status >= 500) return;
  lostAt = undefined;
  clearTimeout(timer);
  tell();
}

/** Says that the server could not be reached. From now on it is asked every few seconds, while the page can be seen, whether it is there again. */
export function noteSilence(): void {
  if (lostAt !== undefined) return;
  lostAt = seconds();
  timer = setTimeout(probe, FIRST_PROBE);
  tell();
}

/** Says that the server could not answer for now. If that is because the store does not answer, it is asked until it does. */
export function noteUnavailable(): void {
  if (isStoreProbed) return;
  isStoreProbed = true;
  void probeStore();
}

/** Whether the server could not be reached when it was asked last. */
export function isLost(): boolean {
  return lostAt !== undefined;
}

/** Whether the server could not be reached, or not read the store, when it was asked last. */
export function isDataLost(): boolean {
  return lostAt !== undefined || lostStore !== undefined;
}

/** Calls back when the server or the store is lost, and when it is there again, until the function that it returns is called. */
export function onConnection(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Since when the server cannot be reached, in Unix seconds; undefined while it can. */
export function useLostAt(): number | undefined {
  return useSyncExternalStore(onConnection, () => lostAt);
}

/** The store, while it does not answer. */
export function useLostStore(): LostStore | undefined {
  return useSyncExternalStore(onConnection, () => lostStore);
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

async function probeStore(): Promise<void> {
  if (document.visibilityState === 'visible') {
    try {
      const answer = await fetch(STORE_PROBE);
      const before = lostStore;
      if (answer.status !== 503) lostStore = undefined;
      else if (before === undefined) lostStore = { since: seconds(), reason: await reasonOf(answer) };
      if (lostStore !== before) tell();
    } catch {
      // The server itself is away: what is known of the store stays until it is there again.
    }
  }
  isStoreProbed = lostStore !== undefined;
  if (isStoreProbed) setTimeout(probeStore, PROBE_INTERVAL);
}

async function reasonOf(answer: Response): Promise<string> {
  const { error } = (await answer.json()) as { readonly error?: unknown };
  return typeof error === 'string' ? error : 'It gives no reason';
}

function tell(): void {
  for (const listener of listeners) listener();
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
