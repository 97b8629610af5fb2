import type { AlertLog } from './alert-log.ts';
import type { Appender } from './appender.ts';
import type { DocumentLog } from './document-log.ts';
import type { EventLog } from './event-log.ts';
import type { LeaseLog } from './lease-log.ts';
import type { NotificationLog } from './notification-log.ts';
import type { Querier, SeriesFilter } from './querier.ts';

/** Which samples to delete. No list of matchers means none, unlike in a SeriesFilter. */
export type Deletion = Pick<SeriesFilter, 'matcherSets' | 'start' | 'end'>;

/** A store, whole: what `cli/` constructs and what the suite in storage.case.ts runs on. */
export interface Storage {
  readonly appender: Appender;
  readonly querier: Querier;
  readonly alertLog: AlertLog;
  /** Undefined where events are not kept. */
  readonly eventLog: EventLog | undefined;
  readonly documentLog: DocumentLog;
  readonly notificationLog: NotificationLog;
  /** Undefined where one process alone has the store, so that there is nobody to share leases with. */
  readonly leaseLog: LeaseLog | undefined;
  /** Resolves when everything acknowledged before the call can be queried. Rejects with a StorageError. */
  flush(signal: AbortSignal): Promise<void>;
  /**
   * Deletes the samples in start..end of the series that satisfy all matchers of one of the lists, as far as they were
   * acknowledged before the call; a series without samples left is in no list any more. Samples that are appended during
   * the call and are in the range may go too. Resolves when it is done. Rejects with a StorageError; after one, and after
   * a signal, all or some of it may be or become deleted, and repeating the call is safe.
   */
  deleteSamples(deletion: Deletion, signal: AbortSignal): Promise<void>;
  /** Flushes what it can within the given time, then closes; what is only in the outbox stays there for the next start. */
  close(timeout: number): Promise<void>;
}
