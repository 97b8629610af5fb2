import { StorageError } from './errors.ts';

/** One version of something that people write, such as a silence or a policy. The versions of an id are its history. */
export interface DocumentVersion {
  /** What it is: `silence`, `policy`. */
  readonly kind: string;
  readonly id: string;
  /** 1, 2, 3, ... */
  readonly version: number;
  /** When it was written; Unix milliseconds. */
  readonly timestamp: number;
  /** Who wrote it, as far as that is known. */
  readonly author: string;
  /** JSON; '' for the version that says that it is gone. */
  readonly body: string;
  readonly isDeleted: boolean;
}

/** Versions of documents; they are kept for the store's retention after they were replaced. Every method rejects with a StorageError. */
export interface DocumentLog {
  /**
   * Adds a version; resolves when it is durable, with true. With false, and nothing is added, when the newest version is not the one
   * before: somebody else wrote meanwhile. Of processes that write the same version of a document at once, also through different
   * connections to one ClickHouse server, exactly one is told true. Where a store cannot keep the others' rows out, all readers
   * agree on one of them. After `unavailable` the version may be there or not: read before trying again.
   */
  append(version: DocumentVersion): Promise<boolean>;
  /** The newest version of every document of the kind that is not deleted, by id. Sees every appended version. */
  latest(kind: string, signal: AbortSignal): Promise<readonly DocumentVersion[]>;
  /** All versions of one document, the newest first. Sees every appended version. */
  versions(kind: string, id: string, signal: AbortSignal): Promise<readonly DocumentVersion[]>;
  /** The versions of all documents of the kind that were written in start..end, the newest first; at most `limit`. */
  written(
    kind: string,
    range: { readonly start: number; readonly end: number; readonly limit: number },
    signal: AbortSignal,
  ): Promise<readonly DocumentVersion[]>;
}

/** Characters that a body may have. */
const MAX_BODY = 4 * 2 ** 20;

/** What is wrong with a version, for every DocumentLog to refuse alike; undefined when nothing is. */
export function mistakeOfDocument({ kind, id, version, timestamp, body }: DocumentVersion): StorageError | undefined {
  const bad = (message: string) => new StorageError('bad_data', message);
  if (kind === '' || id === '') return bad('a document must have a kind and an id');
  if (!Number.isSafeInteger(version) || version < 1) {
    return bad(`the version of a document must be 1, 2, 3, ..., got ${version}`);
  }
  if (!Number.isSafeInteger(timestamp) || timestamp < 0) {
    return bad(`the time of a document must be whole milliseconds from 1970, got ${timestamp}`);
  }
  if (body.length > MAX_BODY) return bad(`a document may have ${MAX_BODY} characters, got ${body.length}`);
  return undefined;
}
