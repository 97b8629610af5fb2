import type { LabelSelector, Requirement } from './label-selector.ts';
import { labelKeyProblems, labelValueProblems } from './label-syntax.ts';

/** A label selector as objects of Kubernetes have it. */
export interface SelectorObject {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

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
  const [problem] = labelKeyProblems(key);
  if (problem !== undefined) throw new Error(`a label's key: ${problem}, got ${quoted(key)}`);
  const known = OPERATORS.find((each) => each === operator);
  if (known === undefined) {
    throw new Error(`the operator of a selector must be one of ${OPERATORS.join(', ')}, got ${quoted(operator)}`);
  }
  const isSet = known === 'In' || known === 'NotIn';
  if (isSet !== values.length > 0) {
    throw new Error(`a selector's ${known} must have ${isSet ? 'values' : 'no values'}, got ${values.length} of them`);
  }
  for (const value of values) {
    const [wrong] = labelValueProblems(value);
    if (wrong !== undefined) throw new Error(`a label's value: ${wrong}, got ${quoted(value)}`);
  }
  return { key, operator: known, values: [...new Set(values)].sort() };
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
