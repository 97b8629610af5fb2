import { getJson } from '../../api/get-json.ts';

export interface TableStatistics {
  readonly name: string;
  readonly rows: number;
  readonly parts: number;
  readonly compressedBytes: number;
  readonly uncompressedBytes: number;
  readonly bytesOnDisk: number;
  readonly firstDay?: string;
  readonly lastDay?: string;
  readonly columns: readonly ColumnStatistics[];
}

export interface ColumnStatistics {
  readonly name: string;
  readonly type: string;
  readonly compressedBytes: number;
  readonly uncompressedBytes: number;
}

/** What /api/v1/status/storage tells. Times in milliseconds. */
export interface StoreStatistics {
  readonly engine: string;
  readonly tables: readonly TableStatistics[];
  readonly disks: readonly {
    readonly name: string;
    readonly path: string;
    readonly free: number;
    readonly total: number;
  }[];
  readonly outbox: {
    readonly bytes: number;
    readonly maxBytes: number;
    readonly segments: number;
    readonly oldest?: number;
  };
  /** 0: for ever. */
  readonly retention: number;
}

/** The store as it is now. */
export function loadStatistics(signal: AbortSignal): Promise<StoreStatistics> {
  return getJson('/api/v1/status/storage', { signal });
}
