import type { MetricCatalogue } from './metric-catalogue.ts';

/** Says what is wrong with a field, by the definition's names. */
export type Report = (path: readonly PropertyKey[], message: string) => void;

export interface CheckContext {
  readonly catalogue: MetricCatalogue;
  /** The names of those that there are; undefined when that is not known. */
  readonly receivers: readonly string[] | undefined;
  /** As it is written in the policy's form. */
  readonly name: (key: string) => string;
  readonly report: Report;
}
