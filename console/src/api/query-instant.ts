import { getJson } from './get-json.ts';

/** One series of an instant vector. */
export interface InstantSample {
  /** With `__name__`, unless the query took it away. */
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What PromQL yields at a time (Unix seconds; by default now). A scalar is one sample without labels. Rejects with an ApiError. */
export async function queryInstant(
  query: string,
  { time, signal }: { readonly time?: number | undefined; readonly signal?: AbortSignal } = {},
): Promise<readonly InstantSample[]> {
  const parameters = new URLSearchParams({ query, ...(time !== undefined && { time: String(time) }) });
  const { resultType, result } = await getJson<Answer>(
    `/api/v1/query?${parameters}`,
    signal === undefined ? {} : { signal },
  );
  if (resultType === 'scalar') return [{ labels: {}, value: Number(result[1]) }];
  return result.map(({ metric, value }) => ({ labels: metric, value: toNumber(value[1]) }));
}

type Answer =
  | {
      readonly resultType: 'vector';
      readonly result: readonly {
        readonly metric: Readonly<Record<string, string>>;
        readonly value: readonly [number, string];
      }[];
    }
  | { readonly resultType: 'scalar'; readonly result: readonly [number, string] };

function toNumber(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text);
}
