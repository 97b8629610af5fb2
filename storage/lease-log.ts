/** Says that a holder lives, and holds a lease unless somebody has taken it over. */
export interface LeaseClaim {
  readonly name: string;
  /** Unique for every process and start. */
  readonly holder: string;
  /** Raised by whoever takes over. */
  readonly term: number;
  /** 1 for the claim that takes over; then raised with every renewal. */
  readonly sequence: number;
  /** The holder has given it up. */
  readonly released: boolean;
  /** By the store's clock, for people: it may jump. Unix milliseconds. */
  readonly renewedAt: number;
}

/**
 * Leases of processes that share a store, as rows: what they mean is for those who write them. Every method rejects with a
 * StorageError.
 */
export interface LeaseLog {
  /**
   * Adds a claim; resolves when every read that begins then sees it, or a newer one of the same holder and term. Of claims with
   * sequence 1 on one term all but the first are dropped where the store can. After `unavailable` the claim may be there, or appear later.
   */
  claim(lease: Omit<LeaseClaim, 'renewedAt'>, signal: AbortSignal): Promise<void>;
  /** The newest claim of each holder and term: the highest terms first, within a term by holder descending; 100 at most. */
  read(name: string, signal: AbortSignal): Promise<readonly LeaseClaim[]>;
}

/** How many claims `read` gives at most. */
export const MAX_CLAIMS = 100;
