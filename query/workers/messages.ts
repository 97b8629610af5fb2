import type { Labels } from '../../storage/labels.ts';
import type { Question } from '../api/answer.ts';
import type { QueryErrorType, QueryResult, QueryStats } from '../query-result.ts';

/** The thread's side of a MessagePort, or the port of a worker: the few methods that are used. */
export interface Port {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

/** What the pool says to a worker. `id` names a question of that worker. */
export type ToWorker =
  /** `answer` asks for the text in chunks, `evaluate` for the result itself. */
  | { readonly kind: 'answer' | 'evaluate'; readonly id: number; readonly question: Question }
  /** A chunk has been taken: another may come. */
  | { readonly kind: 'taken'; readonly id: number }
  | { readonly kind: 'cancel'; readonly id: number; readonly reason: ErrorText };

/** What a worker says to the pool. */
export type FromWorker =
  | { readonly kind: 'answered'; readonly id: number; readonly stats: QueryStats }
  | { readonly kind: 'chunk'; readonly id: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'end'; readonly id: number }
  | { readonly kind: 'evaluated'; readonly id: number; readonly result: PackedResult }
  /** `defect` is what the log is to say and the user is not. */
  | { readonly kind: 'failed'; readonly id: number; readonly error: ErrorText; readonly defect?: string };

export interface ErrorText {
  readonly type: QueryErrorType;
  readonly message: string;
}

/** Chunks that a worker may have sent and the pool not yet taken, of one answer. */
export const CHUNKS_AHEAD = 16;

/** A result as a message can carry it: labels as their pairs. */
export interface PackedResult extends Omit<QueryResult, 'value'> {
  readonly value: PackedValue;
}

type PackedValue =
  | Extract<QueryResult['value'], { type: 'scalar' | 'string' }>
  | {
      readonly type: 'vector';
      readonly samples: readonly { readonly labels: Pairs; readonly timestamp: number; readonly value: number }[];
    }
  | {
      readonly type: 'matrix';
      readonly series: readonly {
        readonly labels: Pairs;
        readonly timestamps: Float64Array;
        readonly values: Float64Array;
      }[];
    };

type Pairs = Labels['pairs'];
