/** Where everything that waits gets the time from; tests bring their own. */
export interface Clock {
  /** Milliseconds since 1970; may jump. */
  now(): number;
  /** Milliseconds since some moment; never jumps. */
  elapsed(): number;
  /** Calls once, after at least so many milliseconds; returns how to prevent it. */
  schedule(milliseconds: number, call: () => void): () => void;
}

/** Node's timers wait for 24 days at most. */
const MAX_DELAY = 2_147_483_647;

export const SYSTEM_CLOCK: Clock = {
  now: Date.now,
  elapsed: () => performance.now(),
  schedule(milliseconds, call) {
    const timer = setTimeout(call, Math.min(milliseconds, MAX_DELAY));
    return () => clearTimeout(timer);
  },
};

/** Resolves after so many milliseconds or when the signal aborts, whichever is first. */
export function wait(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const finish = (): void => {
      cancel();
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = clock.schedule(milliseconds, finish);
    signal.addEventListener('abort', finish, { once: true });
  });
}
