import { withParams } from '../../app/url-state.ts';

export const TABS = ['graph', 'table', 'explain'] as const;
export type Tab = (typeof TABS)[number];

/** With which earlier time a query can be compared: names, and seconds. */
export const COMPARISONS: Readonly<Record<string, number>> = { '1h': 3600, '6h': 21_600, '1d': 86_400, '1w': 604_800 };

/** A query of the page, as it is in the URL. */
export interface Panel {
  /** '' until something was asked. */
  readonly expr: string;
  readonly tab: Tab;
  /** A key of COMPARISONS; '' for none. */
  readonly compare: string;
}

export const NEW_PANEL: Panel = { expr: '', tab: 'graph', compare: '' };

/** The queries in a URL, `g0.expr`, `g1.expr`, …: at least one. Prometheus' own links are understood (tab 0 is its graph, 1 its table). */
export function panelsOf(params: URLSearchParams): readonly Panel[] {
  const panels: Panel[] = [];
  for (let index = 0; params.has(`g${index}.expr`); index++) {
    const tab = params.get(`g${index}.tab`) ?? '';
    const compare = params.get(`g${index}.compare`) ?? '';
    panels.push({
      expr: params.get(`g${index}.expr`) ?? '',
      tab: TABS.find((one) => one === tab) ?? (tab === '1' ? 'table' : 'graph'),
      compare: Object.hasOwn(COMPARISONS, compare) ? compare : '',
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
