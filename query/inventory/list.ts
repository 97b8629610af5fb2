import type { ListRequest } from './list-request.ts';

/** A row of any list: text, numbers, yes or no; undefined where something is not known. */
export type Row = Readonly<Record<string, string | number | boolean | undefined>>;

/** A page of a list. */
export interface ListAnswer {
  readonly items: readonly Row[];
  /** Rows of all pages. */
  readonly total: number;
  /** How many rows there are of each status, whatever statuses are asked for. */
  readonly statuses: Readonly<Record<string, number>>;
  /** As of when it is true, as RFC 3339. */
  readonly at: string;
}

/** The page that is asked for. Rows that are equal in what is sorted by keep their order; those without a value are last. */
export function rowsOf(rows: readonly Row[], request: ListRequest, time: number): ListAnswer {
  const { equal, statuses, words, text, sort, limit, offset } = request;
  const counts = new Map<string, number>();
  const chosen: Row[] = [];
  for (const row of rows) {
    if (!equal.every(({ column, values }) => values.has(row[column] as string))) continue;
    if (words.length > 0) {
      const searched = text
        .map((column) => row[column])
        .join('\n')
        .toLowerCase();
      if (!words.every((word) => searched.includes(word))) continue;
    }
    const status = row.status as string;
    counts.set(status, (counts.get(status) ?? 0) + 1);
    if (statuses.size > 0 && !statuses.has(status.toLowerCase()) && !(statuses.has('abnormal') && row.abnormal))
      continue;
    chosen.push(row);
  }
  if (sort.length > 0) {
    chosen.sort((a, b) => {
      for (const { column, sign } of sort) {
        const order = compare(a[column], b[column], sign);
        if (order !== 0) return order;
      }
      return 0;
    });
  }
  return {
    items: chosen.slice(offset, offset + limit),
    total: chosen.length,
    statuses: Object.fromEntries([...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))),
    at: new Date(time).toISOString(),
  };
}

function compare(a: Row[string], b: Row[string], sign: number): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
  return a === b ? 0 : a < b ? -sign : sign;
}
