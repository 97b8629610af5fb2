import { StorageError } from '../errors.ts';

/**
 * Waits for a promise, but not beyond the signal: then it rejects with a StorageError `canceled` of that message, while
 * whatever the promise stands for goes on.
 */
export async function raced<T>(promise: Promise<T>, signal: AbortSignal, message: string): Promise<T> {
  let cancel!: () => void;
  const canceled = new Promise<never>((_, reject) => {
    cancel = () => reject(new StorageError('canceled', message, { cause: signal.reason }));
  });
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await Promise.race([promise, canceled]);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
