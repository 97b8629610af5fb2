/**
 * - `full`: the outbox has no room (HTTP 429 for remote writers); retry later
 * - `unavailable`: the store does not answer; retry later
 * - `canceled`: the caller's signal fired, or the store is closed
 * - `limit`: the request asks for more than the store may give; do not retry unchanged
 * - `bad_data`: the request or the data in it is wrong; do not retry
 * - `internal`: a defect or damaged data; the detail is in the log
 */
export type StorageErrorKind = 'full' | 'unavailable' | 'canceled' | 'limit' | 'bad_data' | 'internal';

/** The only error that an Appender, a Querier and the logs reject with. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly kind: StorageErrorKind;

  constructor(kind: StorageErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }

  get retryable(): boolean {
    return this.kind === 'full' || this.kind === 'unavailable';
  }
}
