import type { FaultBed } from './fault-bed.ts';

/** Something that goes wrong with a cluster, and what must be true of the server then. */
export interface Fault {
  readonly name: string;
  /** For who reads the list. */
  readonly about: string;
  /** Lets it happen, heals it, and judges. Begins and ends with a cluster that is whole. */
  run(bed: FaultBed): Promise<readonly Check[]>;
}

export interface Check {
  readonly what: string;
  readonly good: boolean;
  readonly found: string;
  /** The longest that something took, in milliseconds. */
  readonly worst?: number;
}

/** One thing that happened, or did not: `took` is undefined when the time was over. */
export function inTime(what: string, took: number | undefined, limit: number): Check {
  const found = took === undefined ? `not within ${seconds(limit)}` : `within ${seconds(limit)}`;
  return { what, good: took !== undefined, found, ...(took !== undefined && { worst: took }) };
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
