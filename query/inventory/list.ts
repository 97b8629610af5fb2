import type { ListRequest } from './list-request.ts';

/** A row of any list: text, numbers, yes or no, and what is shown only; undefined where something is not known. */
export type Row = Readonly<Record<string, unknown>>;

/** A page of a list. */
export interface ListAnswer {
  readonly items: readonly Row[];
  /** Rows of all pages. */
  readonly total: number;
  /** How many rows there are of each status, whatever statuses are asked for. */
  readonly statuses: Counts;
  /** By parameter that was to be counted: how many rows there are of each of its values, whatever values are asked for. */
  readonly counts: Readonly<Record<string, Counts>>;
  /** Of lists of which not only rows are told: figures of the whole, whatever rows are asked for. */
  readonly totals?: Counts;
  /** As of when it is true, as RFC 3339. */
  readonly at: string;
}

type Counts = Readonly<Record<string, number>>;

/** Of a parameter at most so many values are told, those of the most rows. */
const MOST_COUNTS = 1_000;

/** The page that is asked for. Rows that are equal in what is sorted by keep their order; those without a value are last. */
export function rowsOf(rows: readonly Row[], request: ListRequest, time: number): ListAnswer {
  const { equal, statuses, words, searched, counted, sort, limit, offset } = request;
  const byStatus = new Map<string, number>();
  const counts = counted.map(({ name, column }) => ({ name, column, found: new Map<string, number>() }));
  const chosen: Row[] = [];
  for (const row of rows) {
    const failing = equal.filter(({ column, values, orNone }) => {
      const value = row[column];
      return !values.has(value as string) && !(orNone && value === undefined);
    });
    if (failing.length > 1 || (failing.length === 1 && counts.length === 0)) continue;
    if (words.length > 0) {
      const text = searched.map((column) => textOf(row[column])).join('\n');
      const lower = text.toLowerCase();
      if (!words.every((word) => lower.includes(word))) continue;
    }
    if (failing.length === 0) add(byStatus, row.status);
    if (statuses.size > 0) {
      const status = String(row.status ?? '').toLowerCase();
      if (!statuses.has(status) && !(statuses.has('abnormal') && row.abnormal === true)) continue;
    }
    for (const { column, found } of counts) {
      if (failing.length === 0 || failing[0]!.column === column) add(found, row[column]);
    }
    if (failing.length === 0) chosen.push(row);
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
    statuses: told(byStatus),
    counts: Object.fromEntries(counts.map(({ name, found }) => [name, told(found)])),
    at: new Date(time).toISOString(),
  };
}

function add(counts: Map<string, number>, value: unknown): void {
  if (typeof value === 'string') counts.set(value, (counts.get(value) ?? 0) + 1);
}

/** The most frequent first. */
function told(counts: ReadonlyMap<string, number>): Counts {
  const sorted = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return Object.fromEntries(sorted.slice(0, MOST_COUNTS));
}

/** Where words are looked for: labels stand as `name=value`. */
function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value ?? '');
  let text = '';
  for (const name in value) text += `${name}=${(value as Row)[name]}\n`;
  return text;
}

/** Columns that are sorted by hold text, numbers, or yes and no. */
function compare(x: unknown, y: unknown, sign: number): number {
  const [a, b] = [x, y] as [number | undefined, number | undefined];
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
  return a === b ? 0 : a < b ? -sign : sign;
}
