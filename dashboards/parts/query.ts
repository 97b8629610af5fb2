import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';

/** One query of a panel. */
export interface Query {
  /** PromQL, with Grafana's variables (`$cluster`, `$__rate_interval`) where it wants them. */
  readonly expr: string;
  /** The name of a series, with labels as `{{node}}`; by default all its labels. */
  readonly legend?: string;
}

/** How a panel asks: over the time range, once at its end, or once as rows of a table. */
export type Asking = 'range' | 'instant' | 'table';

/** The name of the n-th query of a panel, from 0: A, B, …, Z. */
export const refId = (index: number): string => String.fromCharCode(65 + index);

/** What Grafana sends for the n-th query of a panel, from 0. */
export function target({ expr, legend }: Query, { index, asking }: { index: number; asking: Asking }) {
  const query = new DataqueryBuilder().refId(refId(index)).expr(expr.replace(/\s+/g, ' ').trim());
  if (legend !== undefined) query.legendFormat(legend);
  if (asking === 'range') return query.range();
  return query.instant().format(asking === 'table' ? PromQueryFormat.Table : PromQueryFormat.TimeSeries);
}
