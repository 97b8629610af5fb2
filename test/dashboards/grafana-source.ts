import { instantQuery } from '../../bench/prometheus-api.ts';
import type { PanelTarget } from './dashboard-panels.ts';
import type { LabelValues } from './template-variables.ts';

/** How far back panels and variables are asked for. */
const RANGE = 600;

/** Asks a server for the values of a label, of series that were there in the last ten minutes. */
export function labelValuesOf(url: string): LabelValues {
  return async (label, selector) => {
    const end = Date.now() / 1000;
    const form = new URLSearchParams({ start: String(end - RANGE), end: String(end) });
    if (selector !== undefined) form.set('match[]', selector);
    return get<string[]>(`${url}/api/v1/label/${label}/values?${form}`);
  };
}

/** How many series a target's expression gives: now, or over the last ten minutes in steps of 15 s. Throws with the server's message. */
export async function countAnswers(url: string, { expr, instant }: PanelTarget): Promise<number> {
  if (instant) return (await instantQuery(url, expr)).length;
  const end = Math.floor(Date.now() / 15_000) * 15;
  const form = new URLSearchParams({ query: expr, start: String(end - RANGE), end: String(end), step: '15' });
  return (await get<{ result: unknown[] }>(`${url}/api/v1/query_range?${form}`)).result.length;
}

async function get<T>(address: string): Promise<T> {
  const response = await fetch(address, { signal: AbortSignal.timeout(60_000) });
  const envelope = (await response.json()) as { readonly status: string; readonly error?: string; readonly data?: T };
  if (envelope.status !== 'success') throw new Error(envelope.error ?? `HTTP ${response.status}`);
  return envelope.data!;
}
