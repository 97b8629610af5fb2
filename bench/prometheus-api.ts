/** The one question the benchmarks ask of a server's Prometheus HTTP API. */
interface Envelope {
  readonly status: string;
  readonly error?: string;
  readonly data?: {
    readonly result: readonly { readonly metric: Record<string, string>; readonly value: [number, string] }[];
  };
}

/** A series of an instant query's answer. */
export interface InstantSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Runs an instant query whose answer is a vector. Throws with the server's message. */
export async function instantQuery(
  baseUrl: string,
  query: string,
  { time, timeout = 120_000 }: { time?: number; timeout?: number } = {},
): Promise<InstantSeries[]> {
  const form = new URLSearchParams({ query });
  if (time !== undefined) form.set('time', String(time / 1000));
  const response = await fetch(`${baseUrl}/api/v1/query`, {
    method: 'POST',
    body: form,
    signal: AbortSignal.timeout(timeout),
  });
  const text = await response.text();
  let envelope: Envelope;
  try {
    envelope = JSON.parse(text) as Envelope;
  } catch {
    throw new Error(`${query}: HTTP ${response.status}: ${text.slice(0, 200)}`);
  }
  if (envelope.status !== 'success' || envelope.data === undefined)
    throw new Error(`${query}: ${envelope.error ?? text}`);
  return envelope.data.result.map(({ metric, value }) => ({
    labels: metric,
    value: Number(value[1].replace('Inf', 'Infinity')),
  }));
}

/**
 * How many samples of these metrics, selected by the matchers, a server holds in the window (ms) before the time (Unix ms),
 * by instance. One query per metric, so that none is large.
 */
export async function countSamples(
  baseUrl: string,
  metrics: readonly string[],
  { matchers, window, time }: { matchers: string; window: number; time: number },
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const metric of metrics) {
    const query = `sum by (instance) (count_over_time(${metric}{${matchers}}[${Math.ceil(window / 1000)}s]))`;
    for (const { labels, value } of await instantQuery(baseUrl, query, { time })) {
      const instance = labels.instance ?? '';
      counts.set(instance, (counts.get(instance) ?? 0) + value);
    }
  }
  return counts;
}
