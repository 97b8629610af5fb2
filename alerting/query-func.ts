import type { Labels } from '../storage/labels.ts';

/** An instant vector, as the alerting side sees it. */
export interface QueryVector {
  readonly samples: readonly { readonly labels: Labels; readonly value: number }[];
}

/**
 * All that alerting knows of the query side: the in-process engine, or an HTTP client to any server that speaks
 * Prometheus' API. A scalar result is a vector of one sample without labels. `time` is in milliseconds. Rejects with an
 * Error whose message is for the user; a rejection changes no alert's state.
 */
export type QueryFunc = (expr: string, time: number, signal: AbortSignal) => Promise<QueryVector>;
