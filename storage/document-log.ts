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

/** Versions of documents; they are kept for 90 days after they were replaced. Every method rejects with a StorageError. */
export interface DocumentLog {
  /**
   * Adds a version; resolves when it is durable, with true. With false, and nothing is added, when the newest version is not the one
   * before: somebody else wrote meanwhile.
   */
  append(version: DocumentVersion): Promise<boolean>;
  /** The newest version of every document of the kind that is not deleted. Sees every appended version. */
  latest(kind: string, signal: AbortSignal): Promise<readonly DocumentVersion[]>;
  /** All versions of one document, the newest first. */
  versions(kind: string, id: string, signal: AbortSignal): Promise<readonly DocumentVersion[]>;
}
