import { instantQuery } from '../../bench/prometheus-api.ts';
import type { AskedRange } from './asked-range.ts';
import type { PanelTarget } from './dashboard-panels.ts';
import type { LabelValues } from './template-variables.ts';

type LabelSet = Readonly<Record<string, string>>;

/** Asks a server for the values of a label, of series that were there in the range. */
export function labelValuesOf(url: string, { length }: AskedRange): LabelValues {
  return async (label, selector) => {
    const end = Date.now() / 1000;
    const form = new URLSearchParams({ start: String(end - length / 1000), end: String(end) });
    if (selector !== undefined) form.set('match[]', selector);
    return get<string[]>(`${url}/api/v1/label/${label}/values?${form}`);
  };
}

/** The labels of the series that a target's expression gives: now, or over the range. Throws with the server's message. */
export async function askTarget(
  url: string,
  { expr, instant }: PanelTarget,
  { length, interval }: AskedRange,
): Promise<readonly LabelSet[]> {
  if (instant) return (await instantQuery(url, expr)).map(({ labels }) => labels);
  const end = Math.floor(Date.now() / interval) * interval;
  const form = new URLSearchParams({
    query: expr,
    start: String((end - length) / 1000),
    end: String(end / 1000),
    step: String(interval / 1000),
  });
  const { result } = await get<{ readonly result: readonly { readonly metric: LabelSet }[] }>(
    `${url}/api/v1/query_range?${form}`,
  );
  return result.map(({ metric }) => metric);
}

async function get<T>(address: string): Promise<T> {
  const response = await fetch(address, { signal: AbortSignal.timeout(60_000) });
  const envelope = (await response.json()) as { readonly status: string; readonly error?: string; readonly data?: T };
  if (envelope.status !== 'success') throw new Error(envelope.error ?? `HTTP ${response.status}`);
  return envelope.data!;
}
