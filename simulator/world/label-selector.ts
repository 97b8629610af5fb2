/** A selector as workloads carry it. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly SelectorExpression[];
}

export interface SelectorExpression {
  readonly key: string;
  /** In, NotIn, Exists, DoesNotExist, and for nodes also Gt and Lt. */
  readonly operator: string;
  readonly values?: readonly string[];
}

export type LabelSet = Readonly<Record<string, string>> | undefined;

/** No selector selects nothing, an empty one everything, as in the API. */
export function selects(selector: LabelSelector | undefined, labels: LabelSet): boolean {
  if (selector === undefined) return false;
  return (
    selectsAll(selector.matchLabels, labels) &&
    (selector.matchExpressions ?? []).every((expression) => matchesExpression(expression, labels))
  );
}

/** Whether the labels have all these values. */
export function selectsAll(wanted: LabelSet, labels: LabelSet): boolean {
  if (wanted === undefined) return true;
  for (const key in wanted) if (labels?.[key] !== wanted[key]) return false;
  return true;
}

export function matchesExpression({ key, operator, values = [] }: SelectorExpression, labels: LabelSet): boolean {
  const value = labels?.[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}
