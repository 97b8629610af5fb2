import { type Clock, SYSTEM_CLOCK } from '../clock/clock.ts';

export interface Deadline {
  readonly signal: AbortSignal;
  /** Milliseconds. */
  readonly timeout: number;
  /** Of the Error when the time is over. */
  readonly message: string;
  /** Default: the system's. */
  readonly clock?: Clock;
}

/**
 * Runs something for at most `timeout` milliseconds. Its signal fires when the time is over or `signal` does, and then
 * the result rejects at once, whether or not `run` listens: with an Error made of `message`, or with the signal's reason.
 */
export function withDeadline<T>(
  run: (signal: AbortSignal) => Promise<T>,
  { signal, timeout, message, clock = SYSTEM_CLOCK }: Deadline,
): Promise<T> {
  // AbortSignal.any on a long-lived signal keeps memory in some versions of Node 20.
  const controller = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const abort = (reason: unknown): void => {
      controller.abort(reason);
      reject(reason);
    };
    if (signal.aborted) {
      abort(signal.reason);
      return;
    }
    const onAbort = (): void => abort(signal.reason);
    const cancel = clock.schedule(timeout, () => abort(new Error(message)));
    signal.addEventListener('abort', onAbort, { once: true });
    run(controller.signal)
      .then(resolve, reject)
      .finally(() => {
        cancel();
        signal.removeEventListener('abort', onAbort);
      });
  });
}
