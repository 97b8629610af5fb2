import { StorageError } from '../errors.ts';
import { raced } from './raced.ts';

/** Milliseconds that a statement which goes to ClickHouse directly, past the outbox, may take with all that belongs to it. */
export const DIRECT_TIMEOUT = 10_000;

export interface BoundedOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds. Default: DIRECT_TIMEOUT. */
  readonly timeout?: number;
}

/**
 * Runs something of ClickHouse for at most `timeout` milliseconds: then, and when the signal fires, its own signal fires and the
 * result rejects with a StorageError, whether or not `run` listens; what it had begun may go on in ClickHouse.
 */
export async function bounded<T>(
  run: (signal: AbortSignal) => Promise<T>,
  { signal, timeout = DIRECT_TIMEOUT }: BoundedOptions,
): Promise<T> {
  const controller = new AbortController();
  const late = new StorageError('unavailable', `ClickHouse gave no answer within ${timeout} ms`);
  const abort = () => controller.abort(signal?.reason);
  const timer = setTimeout(() => controller.abort(late), timeout);
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await raced(run(controller.signal), controller.signal, 'the request was canceled');
  } catch (error) {
    throw controller.signal.reason === late ? late : error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}
