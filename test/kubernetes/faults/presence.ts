/** When the series of a query had a value, at regular moments. */
export interface Presence {
  readonly start: number;
  readonly step: number;
  readonly count: number;
  /** By the values of the labels, joined by slashes: 1 for each moment with a value. */
  readonly seen: ReadonlyMap<string, Uint8Array>;
}

interface Envelope {
  readonly status: string;
  readonly error?: string;
  readonly data?: { readonly result: readonly RangeSeries[] };
}

/** A series of a range query's answer: seconds and values. */
export interface RangeSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [number, string])[];
}

/** Times in Unix milliseconds, the step in milliseconds. Throws with the server's message. */
export async function rangeQuery(
  url: string,
  query: string,
  { start, end, step }: { readonly start: number; readonly end: number; readonly step: number },
): Promise<readonly RangeSeries[]> {
  const form = new URLSearchParams({
    query,
    start: String(start / 1000),
    end: String(end / 1000),
    step: String(step / 1000),
    nocache: '1',
  });
  const answer = await fetch(`${url}/api/v1/query_range`, {
    method: 'POST',
    body: form,
    signal: AbortSignal.timeout(60_000),
  });
  const { status, error, data } = (await answer.json()) as Envelope;
  if (status !== 'success' || data === undefined) throw new Error(`${query}: ${error ?? answer.status}`);
  return data.result;
}

/** At which moments of a range each series had a value, by these labels. */
export async function presenceOf(
  url: string,
  query: string,
  { labels, ...range }: { readonly labels: readonly string[]; start: number; end: number; step: number },
): Promise<Presence> {
  const { start, end, step } = range;
  const count = Math.floor((end - start) / step) + 1;
  const seen = new Map<string, Uint8Array>();
  for (const { metric, values } of await rangeQuery(url, query, range)) {
    const key = labels.map((label) => metric[label] ?? '').join('/');
    const moments = seen.get(key) ?? new Uint8Array(count);
    for (const [time] of values) moments[Math.round((time * 1000 - start) / step)] = 1;
    seen.set(key, moments);
  }
  return { start, step, count, seen };
}
