import { withParams } from '../app/url-state.ts';

/** A page of a list, as the server answers it. */
export interface ListAnswer<T> {
  readonly items: readonly T[];
  /** How many there are on all pages. */
  readonly total: number;
  /** As of when it is true, where that is told: RFC 3339. */
  readonly at?: string;
}

/** What a table shows of a list; lives in the URL. */
export interface ListState {
  /** `cpu`, or `-cpu` for the largest first; '' is the server's order. */
  readonly sort: string;
  readonly filter: string;
  /** From 1. */
  readonly page: number;
}

/** The state in a URL. `prefix` tells the tables of one page apart. */
export function listStateOf(params: URLSearchParams, { prefix = '', sort = '' } = {}): ListState {
  const page = Number(params.get(`${prefix}page`) ?? 1);
  return {
    sort: params.get(`${prefix}sort`) ?? sort,
    filter: params.get(`${prefix}filter`) ?? '',
    page: Number.isInteger(page) && page > 0 ? page : 1,
  };
}

/** The URL's query with another state; what is as by default is not written. Another order or filter begins at the first page. */
export function withListState(
  before: URLSearchParams,
  change: Partial<ListState>,
  { prefix = '', sort = '' } = {},
): URLSearchParams {
  const next = { ...listStateOf(before, { prefix, sort }), ...(!('page' in change) && { page: 1 }), ...change };
  return withParams(before, {
    [`${prefix}sort`]: next.sort === sort ? undefined : next.sort,
    [`${prefix}filter`]: next.filter,
    [`${prefix}page`]: next.page === 1 ? undefined : String(next.page),
  });
}

/** What the server is asked for. */
export function listRequest({ sort, filter, page }: ListState, pageSize: number): URLSearchParams {
  return withParams(new URLSearchParams(), {
    sort,
    filter,
    limit: String(pageSize),
    offset: page === 1 ? undefined : String((page - 1) * pageSize),
  });
}

/** The order after a click on a column: its own, the other way round, then the default. */
export function nextSort(sort: string, key: string, isDescendingFirst: boolean): string {
  const first = isDescendingFirst ? `-${key}` : key;
  const second = isDescendingFirst ? key : `-${key}`;
  return sort === first ? second : first;
}
