/** What a store holds, and what it costs. Times in milliseconds since 1970. */
export interface StoreStatistics {
  /** The store's own name and version, such as `ClickHouse 25.8.2.1`. */
  readonly engine: string;
  readonly tables: readonly TableStatistics[];
  readonly disks: readonly {
    readonly name: string;
    readonly path: string;
    readonly free: number;
    readonly total: number;
  }[];
  /** What is durable here and not in the store yet. */
  readonly outbox: {
    readonly bytes: number;
    /** Where it refuses more. */
    readonly maxBytes: number;
    readonly segments: number;
    /** When the oldest was written; undefined when there is none. */
    readonly oldest: number | undefined;
  };
  /** How long samples are kept, in milliseconds; 0: for ever. */
  readonly retention: number;
}

/** A table; bytes are those of its columns without indexes, but for `bytesOnDisk`. */
export interface TableStatistics {
  readonly name: string;
  readonly rows: number;
  readonly parts: number;
  readonly compressedBytes: number;
  readonly uncompressedBytes: number;
  readonly bytesOnDisk: number;
  /** From when to when its rows are, by the days of its partitions; undefined when it is empty or has none. */
  readonly firstDay: string | undefined;
  readonly lastDay: string | undefined;
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly compressedBytes: number;
    readonly uncompressedBytes: number;
  }[];
}

/**
 * How many series there were in the last two hours, and how many of them are new: all that began within these, and some that did in the two
 * hours before, for an index need not know the moment.
 */
export interface Cardinality {
  readonly series: number;
  readonly newSeries: number;
  /** Those with the most series first. */
  readonly metrics: readonly { readonly name: string; readonly series: number; readonly newSeries: number }[];
  /** Those with the most values first. */
  readonly labels: readonly {
    readonly name: string;
    readonly series: number;
    readonly values: number;
    readonly newValues: number;
  }[];
}

/** What a store tells of itself. Both reject with a StorageError. */
export interface StatisticsReader {
  statistics(signal: AbortSignal): Promise<StoreStatistics>;
  /** At most `limit` metrics and labels. */
  cardinality(limit: number, signal: AbortSignal): Promise<Cardinality>;
}
