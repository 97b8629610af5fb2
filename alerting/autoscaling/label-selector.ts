/** One condition of a Kubernetes label selector. `NotIn` and `DoesNotExist` hold for what lacks the label. */
export interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  /** Sorted, without doubles; [] for the two that are about existence. */
  readonly values: readonly string[];
}

/**
 * All must hold; [] matches everything. `a=b` and `a!=b` are In and NotIn of one value. In order of key, operator and values, so
 * that selectors that mean the same by their text are equal.
 */
export type LabelSelector = readonly Requirement[];

export const EVERYTHING: LabelSelector = [];
