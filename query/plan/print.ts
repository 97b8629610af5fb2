import type { Matching } from '../promql/ast.ts';
import type { PlanNode, Window } from './nodes.ts';
import { operandsOf } from './operands.ts';

/**
 * The plan as an indented tree, one node per line, for people and for tests.
 *
 *     vector-scalar * bool=false
 *       range-call rate
 *         range-select {__name__="foo"}[5m]
 *       number 8
 */
export function printPlan(plan: PlanNode, indent = ''): string {
  const below = operandsOf(plan).map((operand) => printPlan(operand, `${indent}  `));
  return [`${indent}${describeNode(plan)}`, ...below].join('\n');
}

/** A node in one line, without its operands. */
export function describeNode(node: PlanNode): string {
  switch (node.kind) {
    case 'number':
      return `number ${node.value}`;
    case 'string':
      return `string ${JSON.stringify(node.value)}`;
    case 'time':
    case 'scalar-of':
    case 'scalar-negate':
    case 'vector-of':
    case 'negate':
    case 'step-invariant':
    case 'pushed':
      return node.kind;
    case 'scalar-call':
    case 'range-call':
    case 'vector-call':
    case 'histogram-call':
      return `${node.kind} ${node.func}`;
    case 'label-call':
      return `${node.kind} ${node.func} ${node.params.map((param) => JSON.stringify(param)).join(' ')}`;
    case 'info':
      return `${node.kind} {${[...node.nameMatchers, ...node.dataMatchers].join(',')}}${moved(node)}`;
    case 'trim':
    case 'scalar-binary':
      return `${node.kind} ${node.op}`;
    case 'select':
      return `${node.kind} ${window(node, '')}${read(node, node.lookback)}${node.output === 'timestamp' ? ' timestamp' : ''}`;
    case 'smoothed-select':
      return `${node.kind} ${window(node, '')}${read(node, node.lookback)}`;
    case 'extended-range-select':
      return `${node.kind} ${window(node, `[${duration(node.range)}] ${node.extension}`)}${read(node, node.range + node.lookback)}`;
    case 'range-select':
      return `${node.kind} ${window(node, `[${duration(node.range)}]`)}${read(node, node.range)}`;
    case 'subquery':
      return `${node.kind} [${duration(node.range)}:${duration(node.step)}]${moved(node)}`;
    case 'absent':
      return `${node.kind} ${node.func} {${node.labels.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}}`;
    case 'sort':
      return `${node.kind} by ${node.by}${node.descending ? ' descending' : ''}`;
    case 'aggregate':
      return `${node.kind} ${node.op} ${node.grouping.mode}(${node.grouping.labels.join(', ')})`;
    case 'vector-scalar':
      return `${node.kind} ${node.op}${node.returnBool ? ' bool' : ''}${node.swapped ? ' swapped' : ''}`;
    case 'vector-binary':
      return `${node.kind} ${node.op}${node.returnBool ? ' bool' : ''} ${matching(node.matching)}`;
    case 'set-binary':
      return `${node.kind} ${node.op} ${matching(node.matching)}`;
    default:
      return node satisfies never;
  }
}

function window(node: Window, range: string): string {
  return `{${node.matchers.map(String).sort().join(',')}}${range}${moved(node)}`;
}

function moved({ offset, at }: { readonly offset: number; readonly at: number | undefined }): string {
  return `${offset === 0 ? '' : ` offset ${duration(offset)}`}${at === undefined ? '' : ` @ ${at / 1000}`}`;
}

/** How far back is read, when that is further than the selector needs. */
function read({ readBack }: Window, needed: number): string {
  return readBack === needed ? '' : ` read ${duration(readBack)}`;
}

function matching({ card, mode, labels, include }: Matching): string {
  const group = card === 'many-to-one' ? ' group_left' : card === 'one-to-many' ? ' group_right' : '';
  const copied = include.length === 0 ? '' : `(${include.join(', ')})`;
  return `${mode}(${labels.join(', ')})${group}${copied}`;
}

function duration(ms: number): string {
  const sign = ms < 0 ? '-' : '';
  const size = Math.abs(ms);
  for (const [unit, length] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const) {
    if (size >= length && size % length === 0) return `${sign}${size / length}${unit}`;
  }
  return `${sign}${size}ms`;
}
