/** Who says that it leads. Times are Unix milliseconds of the store's clock. */
export interface LeaseClaim {
  readonly name: string;
  readonly holder: string;
  /** Raised by whoever takes over. */
  readonly term: number;
  readonly renewedAt: number;
}

/** Leases of processes that share a store. Every method rejects with a StorageError. */
export interface LeaseLog {
  /** Adds a claim, stamped with the store's clock; resolves when every reader sees it. */
  claim(lease: Pick<LeaseClaim, 'name' | 'holder' | 'term'>, signal: AbortSignal): Promise<void>;
  /** The claims on the newest term, the oldest first, with the store's clock now. */
  read(name: string, signal: AbortSignal): Promise<{ readonly now: number; readonly claims: readonly LeaseClaim[] }>;
}
