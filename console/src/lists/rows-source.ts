import type { ListAnswer } from './list-query.ts';

type Value = string | number | undefined;

/** What a list that is here as a whole is searched and sorted by. */
export interface RowsShape<T> {
  /** Where the words of a filter are looked for. */
  readonly text: (row: T) => string;
  /** By the names that columns sort by. */
  readonly columns: Readonly<Record<string, (row: T) => Value>>;
}

/** A page of rows, for lists that come whole: filtered, sorted and cut as the server does it. Rows without a value are last. */
export function pageOfRows<T>(
  rows: readonly T[],
  query: URLSearchParams,
  { text, columns }: RowsShape<T>,
): ListAnswer<T> {
  const words = (query.get('filter') ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const items = rows.filter((row) => {
    const searched = text(row).toLowerCase();
    return words.every((word) => searched.includes(word));
  });
  const sort = query.get('sort') ?? '';
  const value = columns[sort.replace(/^-/, '')];
  if (value !== undefined) items.sort((a, b) => compare(value(a), value(b), sort.startsWith('-') ? -1 : 1));
  const offset = Number(query.get('offset') ?? 0);
  return { items: items.slice(offset, offset + Number(query.get('limit') ?? items.length)), total: items.length };
}

function compare(a: Value, b: Value, sign: number): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
  return a === b ? 0 : a < b ? -sign : sign;
}
