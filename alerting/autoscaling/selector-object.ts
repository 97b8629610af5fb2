import type { LabelSelector, Requirement } from './label-selector.ts';

/** A label selector as objects of Kubernetes have it. */
export interface SelectorObject {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

const PREFIX = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const MAX_PREFIX = 253;
const MAX_NAME = 63;
const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;

/** The selector that an object states, by Kubernetes' rules for keys, values and operators. Throws an Error that names the rule. */
export function selectorOf({ matchLabels = {}, matchExpressions = [] }: SelectorObject): LabelSelector {
  const requirements = [
    ...Object.entries(matchLabels).map(([key, value]) => requirement(key, 'In', [value])),
    ...matchExpressions.map(({ key, operator, values = [] }) => requirement(key, operator, values)),
  ];
  return inOrder(requirements);
}

/** By key, operator and values. */
export function inOrder(selector: LabelSelector): LabelSelector {
  const key = ({ key, operator, values }: Requirement): string => JSON.stringify([key, operator, values]);
  if (selector.length < 2) return selector;
  return selector
    .map((each) => [key(each), each] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, each]) => each);
}

function requirement(key: string, operator: string, values: readonly string[]): Requirement {
  checkKey(key);
  const known = OPERATORS.find((each) => each === operator);
  if (known === undefined) {
    throw new Error(`the operator of a selector must be one of ${OPERATORS.join(', ')}, got ${quoted(operator)}`);
  }
  const isSet = known === 'In' || known === 'NotIn';
  if (isSet !== values.length > 0) {
    throw new Error(`a selector's ${known} must have ${isSet ? 'values' : 'no values'}, got ${values.length} of them`);
  }
  for (const value of values) {
    if (value === '' || (value.length <= MAX_NAME && NAME.test(value))) continue;
    throw new Error(
      `a label's value must be at most ${MAX_NAME} letters, digits, '-', '_' and '.', beginning and ending with a letter or digit, got ${quoted(value)}`,
    );
  }
  return { key, operator: known, values: [...new Set(values)].sort() };
}

function checkKey(key: string): void {
  const slash = key.indexOf('/');
  const prefix = key.slice(0, Math.max(slash, 0));
  const name = key.slice(slash + 1);
  const isPrefix = slash < 0 || (prefix.length <= MAX_PREFIX && PREFIX.test(prefix));
  if (isPrefix && name.length <= MAX_NAME && NAME.test(name)) return;
  throw new Error(`a label's key must be a name such as app, maybe after a domain and a slash, got ${quoted(key)}`);
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
