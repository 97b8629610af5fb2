import { isWellFormed } from '../../../query/promql/go-quote.ts';
import { METRIC_NAME } from '../../../storage/labels.ts';
import type { LabelSelector, Requirement } from '../label-selector.ts';
import type { Condition } from './expression-template.ts';

/** No series has both: what nothing can fulfil. */
const IMPOSSIBLE: readonly Condition[] = [
  { name: 'namespace', op: '=', value: '' },
  { name: 'namespace', op: '!=', value: '' },
];

/**
 * What a Kubernetes label selector asks of series. Names are taken as they are: `app.kubernetes.io/name` is a label of that name,
 * which PromQL writes in quotes, and not `app_kubernetes_io_name`. A label without a value is to Prometheus no label, so that `''`
 * among the values is a value that no series has. A metric's name is none of its labels.
 *
 *     app in (a,b.c),!debug    app=~"a|b\\.c", debug=""
 */
export function selectorConditions(selector: LabelSelector): readonly Condition[] {
  return selector.flatMap(conditionsOf);
}

function conditionsOf({ key, operator, values }: Requirement): readonly Condition[] {
  const isLabel = key !== '' && key !== METRIC_NAME && isWellFormed(key);
  const possible = values.filter((value) => value !== '' && isWellFormed(value));
  switch (operator) {
    case 'In':
      return isLabel && possible.length > 0 ? [oneOf(key, possible, { isNegated: false })] : IMPOSSIBLE;
    case 'NotIn':
      return isLabel && possible.length > 0 ? [oneOf(key, possible, { isNegated: true })] : [];
    case 'Exists':
      return isLabel ? [{ name: key, op: '!=', value: '' }] : IMPOSSIBLE;
    case 'DoesNotExist':
      return isLabel ? [{ name: key, op: '=', value: '' }] : [];
    default:
      return operator satisfies never;
  }
}

function oneOf(name: string, values: readonly string[], { isNegated }: { readonly isNegated: boolean }): Condition {
  const [value] = values;
  if (values.length === 1) return { name, op: isNegated ? '!=' : '=', value: value! };
  return { name, op: isNegated ? '!~' : '=~', value: values.map(escaped).join('|') };
}

/** A text as an RE2 expression that matches it alone; the whole of a value must match anyway. */
function escaped(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}
