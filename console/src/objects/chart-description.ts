/** A chart of the page of an object: PromQL, and how its series are called. */
export interface ChartDescription {
  /** Unique on its page. */
  readonly title: string;
  /** As in the catalogue of the k8s_* metrics: `cores`, `bytes`, `bytes/s`, `packets/s`, `operations/s`, `%`, or `` for a number. */
  readonly unit: string;
  /** Said where the mouse rests on the title. */
  readonly description?: string;
  readonly lines: readonly ChartLine[];
}

/** A query of a chart. */
export interface ChartLine {
  /** The name of its series, where `{{pod}}` stands for a label's value. */
  readonly legend: string;
  readonly query: string;
  /** A request or a limit, which the others are seen against. */
  readonly isBound?: boolean;
}

/** Charts under a heading. */
export interface ChartSection {
  readonly title: string;
  readonly charts: readonly ChartDescription[];
}
