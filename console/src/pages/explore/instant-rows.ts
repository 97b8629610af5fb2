import { seriesText } from '../../charts/series-labels.ts';

type Labels = Readonly<Record<string, string>>;
type Point = readonly [number, string];

/** What an instant query answers. */
export type InstantResult =
  | {
      readonly resultType: 'vector';
      readonly result: readonly { readonly metric: Labels; readonly value?: Point; readonly histogram?: Histogram }[];
    }
  | {
      readonly resultType: 'matrix';
      readonly result: readonly { readonly metric: Labels; readonly values?: readonly Point[] }[];
    }
  | { readonly resultType: 'scalar' | 'string'; readonly result: Point };

type Histogram = readonly [number, { readonly count: string; readonly sum: string }];

/** A row of the table: a series and its value, as it was written. */
export interface InstantRow {
  readonly key: string;
  readonly labels: Labels;
  readonly value: string;
  /** To sort by; NaN where the value is no number. */
  readonly number: number;
}

/** The rows of an answer, in its order. Of a range vector it is the last value, and how many there are. */
export function instantRows(answer: InstantResult): readonly InstantRow[] {
  switch (answer.resultType) {
    case 'scalar':
    case 'string':
      return [rowOf({}, answer.result[1])];
    case 'vector':
      return answer.result.map(({ metric, value, histogram }) =>
        rowOf(metric, value?.[1] ?? `count ${histogram?.[1].count ?? '?'}, sum ${histogram?.[1].sum ?? '?'}`),
      );
    case 'matrix':
      return answer.result.map(({ metric, values = [] }) => {
        const row = rowOf(metric, values.at(-1)?.[1] ?? '');
        return { ...row, value: `${row.value} (the last of ${values.length})` };
      });
    default:
      return answer satisfies never;
  }
}

/** The labels that rows have, the metric's name first. */
export function labelNames(rows: readonly InstantRow[]): readonly string[] {
  const names = [...new Set(rows.flatMap(({ labels }) => Object.keys(labels)))];
  return names.sort((a, b) => Number(b === '__name__') - Number(a === '__name__') || (a < b ? -1 : 1));
}

/** The labels that tell rows apart, and those that are the same in all of them; of a single row, all tell it apart. */
export function partedNames(rows: readonly InstantRow[]): {
  readonly differing: readonly string[];
  readonly same: readonly string[];
} {
  const names = labelNames(rows);
  const [first] = rows;
  if (rows.length < 2 || first === undefined) return { differing: names, same: [] };
  const isSame = (name: string) => rows.every(({ labels }) => labels[name] === first.labels[name]);
  return { differing: names.filter((name) => !isSame(name)), same: names.filter(isSame) };
}

/** Rows in an order: a label's name, `value`, or one of these with `-` before it; '' leaves them as they are. */
export function sortedRows(rows: readonly InstantRow[], sort: string): readonly InstantRow[] {
  if (sort === '') return rows;
  const sign = sort.startsWith('-') ? -1 : 1;
  const by = sort.replace(/^-/, '');
  const compare = (a: InstantRow, b: InstantRow): number => {
    if (by === VALUE) return Number.isNaN(a.number) || Number.isNaN(b.number) ? 0 : a.number - b.number;
    return (a.labels[by] ?? '').localeCompare(b.labels[by] ?? '', undefined, { numeric: true });
  };
  return rows.toSorted((a, b) => sign * compare(a, b));
}

/** The column of values; no label can have this name. */
export const VALUE = '=value';

function rowOf(labels: Labels, value: string): InstantRow {
  return { key: seriesText(labels), labels, value, number: Number(value.replace('Inf', 'Infinity')) };
}
