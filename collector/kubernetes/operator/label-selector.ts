import type { RelabelConfig } from '../../relabel.ts';
import { sanitizeLabelName } from '../sanitize-label-name.ts';
import { FieldError, type Fields } from './fields.ts';
import { rule } from './relabel-rules.ts';

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;

interface Requirement {
  readonly key: string;
  readonly operator: (typeof OPERATORS)[number];
  readonly values: readonly string[];
}

/** A label selector that has been checked: its `matchLabels` by key, and its expressions in their order. */
export interface CheckedSelector {
  readonly matchLabels: readonly (readonly [key: string, value: string])[];
  readonly expressions: readonly Requirement[];
}

const NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const PREFIX = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;

/**
 * The selector in a field; one that is not given selects everything. Keys and values must be what Kubernetes allows, which
 * is also what lets them stand in a regular expression.
 */
export function readSelector(fields: Fields, name: string): CheckedSelector {
  const selector = fields.map(name);
  if (selector === undefined) return { matchLabels: [], expressions: [] };
  const labels = selector.textMap('matchLabels');
  const matchLabels = Object.keys(labels)
    .sort()
    .map((key) => [key, labels[key]!] as const);
  for (const [key, value] of matchLabels) {
    checkKey(key, `${selector.path}.matchLabels`);
    checkValue(value, `${selector.path}.matchLabels[${key}]`);
  }
  const expressions = selector.maps('matchExpressions').map((expression) => {
    const key = expression.requiredText('key');
    checkKey(key, `${expression.path}.key`);
    const operator =
      expression.oneOf('operator', OPERATORS) ??
      expression.fail('operator', `expected one of ${OPERATORS.join(', ')}, got nothing`);
    const values = expression.texts('values');
    values.forEach((value, i) => {
      checkValue(value, `${expression.path}.values[${i}]`);
    });
    const needsValues = operator === 'In' || operator === 'NotIn';
    if (needsValues && values.length === 0) expression.fail('values', `${operator} needs at least one, got none`);
    if (!needsValues && values.length > 0) expression.fail('values', `${operator} takes none, got ${values.length}`);
    return { key, operator, values };
  });
  return { matchLabels, expressions };
}

/**
 * The steps that keep the targets whose service, pod or ingress is selected. Values are joined to a regular expression as
 * they are, so that a dot in one stands for any character, as with Prometheus Operator.
 *
 *     app: web  ->  keep where __meta_kubernetes_pod_label_app;__meta_kubernetes_pod_labelpresent_app is (web);true
 */
export function selectorRules(selector: CheckedSelector, object: 'service' | 'pod' | 'ingress'): RelabelConfig[] {
  const label = (key: string): string => `__meta_kubernetes_${object}_label_${sanitizeLabelName(key)}`;
  const present = (key: string): string => `__meta_kubernetes_${object}_labelpresent_${sanitizeLabelName(key)}`;
  const has = (action: 'keep' | 'drop', key: string, values: readonly string[]): RelabelConfig =>
    rule({ action, sourceLabels: [label(key), present(key)], regex: `(${values.join('|')});true` });
  return [
    ...selector.matchLabels.map(([key, value]) => has('keep', key, [value])),
    ...selector.expressions.map(({ key, operator, values }) => {
      switch (operator) {
        case 'In':
          return has('keep', key, values);
        case 'NotIn':
          return has('drop', key, values);
        case 'Exists':
          return rule({ action: 'keep', sourceLabels: [present(key)], regex: 'true' });
        case 'DoesNotExist':
          return rule({ action: 'drop', sourceLabels: [present(key)], regex: 'true' });
        default:
          return operator satisfies never;
      }
    }),
  ];
}

/** As the API takes it in a query: `app=web,tier in (a,b),!old`; '' selects everything. */
export function selectorText({ matchLabels, expressions }: CheckedSelector): string {
  const parts = [
    ...matchLabels.map(([key, value]) => ({ key, text: `${key}=${value}` })),
    ...expressions.map(({ key, operator, values }) => ({ key, text: requirementText(key, operator, values) })),
  ];
  return parts
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ text }) => text)
    .join(',');
}

function requirementText(key: string, operator: Requirement['operator'], values: readonly string[]): string {
  switch (operator) {
    case 'In':
      return `${key} in (${[...values].sort().join(',')})`;
    case 'NotIn':
      return `${key} notin (${[...values].sort().join(',')})`;
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
    default:
      return operator satisfies never;
  }
}

/** Whether an object with these labels is selected. */
export function isSelected(selector: CheckedSelector, labels: Readonly<Record<string, string>>): boolean {
  const get = (key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  return (
    selector.matchLabels.every(([key, value]) => get(key) === value) &&
    selector.expressions.every(({ key, operator, values }) => {
      const value = get(key);
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value);
        case 'NotIn':
          return value === undefined || !values.includes(value);
        case 'Exists':
          return value !== undefined;
        case 'DoesNotExist':
          return value === undefined;
        default:
          return operator satisfies never;
      }
    })
  );
}

function checkKey(key: string, field: string): void {
  const slash = key.indexOf('/');
  const isRight = NAME.test(key.slice(slash + 1)) && (slash < 0 || PREFIX.test(key.slice(0, slash)));
  if (!isRight) throw new FieldError(field, `expected the key of a label, got ${JSON.stringify(key)}`);
}

function checkValue(value: string, field: string): void {
  if (value === '' || NAME.test(value)) return;
  throw new FieldError(field, `expected the value of a label, got ${JSON.stringify(value)}`);
}
