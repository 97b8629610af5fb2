import { withParams } from '../../app/url-state.ts';

export const TABS = ['graph', 'table', 'explain'] as const;
export type Tab = (typeof TABS)[number];

/** With how much earlier a query is compared, among what is offered; every other length can be in the URL. */
export const COMPARISONS = ['5m', '1h', '6h', '1d', '1w', '4w'];
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** A query of the page, as it is in the URL. */
export interface Panel {
  /** '' until something was asked. */
  readonly expr: string;
  readonly tab: Tab;
  /** A length as `comparisonSeconds` takes it; '' for none. */
  readonly compare: string;
}

export const NEW_PANEL: Panel = { expr: '', tab: 'graph', compare: '' };

/** Seconds of `2m`, `1h`, `1d`; undefined when it is no length of time. */
export function comparisonSeconds(text: string): number | undefined {
  const found = /^([1-9]\d{0,5})([smhdw])$/.exec(text);
  return found === null ? undefined : Number(found[1]) * SECONDS[found[2]!]!;
}

/** The queries in a URL, `g0.expr`, `g1.expr`, …: at least one. Prometheus' own links are understood (tab 0 is its graph, 1 its table). */
export function panelsOf(params: URLSearchParams): readonly Panel[] {
  const panels: Panel[] = [];
  for (let index = 0; params.has(`g${index}.expr`); index++) {
    const tab = params.get(`g${index}.tab`) ?? '';
    const compare = params.get(`g${index}.compare`) ?? '';
    panels.push({
      expr: params.get(`g${index}.expr`) ?? '',
      tab: TABS.find((one) => one === tab) ?? (tab === '1' ? 'table' : 'graph'),
      compare: comparisonSeconds(compare) === undefined ? '' : compare,
    });
  }
  return panels.length === 0 ? [NEW_PANEL] : panels;
}

/** The URL's query with other queries in it; what else it says stays. */
export function withPanels(before: URLSearchParams, panels: readonly Panel[]): URLSearchParams {
  const after = new URLSearchParams(before);
  for (const name of before.keys()) if (/^g\d+\./.test(name)) after.delete(name);
  for (const [index, { expr, tab, compare }] of panels.entries()) {
    // An empty query is written too, so that those behind it are found.
    after.set(`g${index}.expr`, expr);
    if (tab !== 'graph') after.set(`g${index}.tab`, tab);
    if (compare !== '') after.set(`g${index}.compare`, compare);
  }
  return after;
}

/** A URL's query that shows the same tomorrow: with the moments that are shown instead of their distance from now. */
export function withFixedTime(
  before: URLSearchParams,
  { start, end }: { readonly start: number; readonly end: number },
): URLSearchParams {
  return withParams(before, { from: String(Math.floor(start)), to: String(Math.ceil(end)) });
}
