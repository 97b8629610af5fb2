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

/** Whether what has such labels is selected; `get` gives undefined for a label that is not there. */
export function isSelected(selector: LabelSelector, get: (key: string) => string | undefined): boolean {
  for (const { key, operator, values } of selector) {
    const value = get(key);
    switch (operator) {
      case 'In':
        if (value === undefined || !values.includes(value)) return false;
        break;
      case 'NotIn':
        if (value !== undefined && values.includes(value)) return false;
        break;
      case 'Exists':
        if (value === undefined) return false;
        break;
      case 'DoesNotExist':
        if (value !== undefined) return false;
        break;
      default:
        operator satisfies never;
    }
  }
  return true;
}

/** As it is written in requests, for messages: `app=x,tier in (a,b),!debug`; '' for everything. */
export function selectorText(selector: LabelSelector): string {
  return selector
    .map(({ key, operator, values }) => {
      switch (operator) {
        case 'In':
          return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values.join(',')})`;
        case 'NotIn':
          return values.length === 1 ? `${key}!=${values[0]}` : `${key} notin (${values.join(',')})`;
        case 'Exists':
          return key;
        case 'DoesNotExist':
          return `!${key}`;
      }
      return operator satisfies never;
    })
    .join(',');
}
