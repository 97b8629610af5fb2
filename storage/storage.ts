import type { AlertLog } from './alert-log.ts';
import type { Appender } from './appender.ts';
import type { Querier } from './querier.ts';

/** A store, whole: what `cli/` constructs and what the suite in storage.case.ts runs on. */
export interface Storage {
  readonly appender: Appender;
  readonly querier: Querier;
  readonly alertLog: AlertLog;
  /** Resolves when everything acknowledged before the call can be queried. Rejects with a StorageError. */
  flush(signal: AbortSignal): Promise<void>;
  /** Flushes what it can within the given time, then closes; what is only in the outbox stays there for the next start. */
  close(timeout: number): Promise<void>;
}
