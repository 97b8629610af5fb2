import { METRIC_NAME } from '../../storage/labels.ts';
import type { AtModifier, Binary, DurationNode, Expr, Matching, VectorSelector } from './ast.ts';

const BARE_METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const BARE_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const UNITS: readonly (readonly [string, number])[] = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
];

/**
 * The expression as text, in the one spelling that Prometheus prints. Parsing the text gives the same expression, but for
 * spans and the order of a selector's matchers.
 */
export function print(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return number(expr.value, expr.duration);
    case 'string':
      return quote(expr.value);
    case 'paren':
      return `(${print(expr.expr)})`;
    case 'unary':
      return expr.op + print(expr.expr);
    case 'vector-selector':
      return selector(expr) + extension(expr) + modifiers(expr.offset, expr.at);
    case 'matrix-selector': {
      const { selector: inner, range } = expr;
      return `${selector(inner)}[${duration(range)}]${extension(inner)}${modifiers(inner.offset, inner.at)}`;
    }
    case 'subquery': {
      const step = expr.step === undefined ? '' : duration(expr.step);
      return `${print(expr.expr)}[${duration(expr.range)}:${step}]${modifiers(expr.offset, expr.at)}`;
    }
    case 'call':
      return `${expr.func}(${expr.args.map(print).join(', ')})`;
    case 'aggregate': {
      const { mode, labels } = expr.grouping;
      const clause =
        mode === 'without' || labels.length > 0 ? ` ${mode} (${labels.map(groupingLabel).join(', ')}) ` : '';
      const args = expr.param === undefined ? [expr.expr] : [expr.param, expr.expr];
      return `${expr.op}${clause}(${args.map(print).join(', ')})`;
    }
    case 'binary':
      return `${print(expr.left)} ${expr.op}${binaryModifiers(expr)} ${print(expr.right)}`;
    default:
      return expr satisfies never;
  }
}

function binaryModifiers({ returnBool, matching }: Binary): string {
  return (returnBool ? ' bool' : '') + (matching === undefined ? '' : matchingClauses(matching));
}

function matchingClauses(matching: Matching): string {
  const { card, mode, labels, include, fillLeft, fillRight } = matching;
  const grouped = card === 'many-to-one' || card === 'one-to-many';
  let text = mode === 'on' || labels.length > 0 || grouped ? ` ${mode} (${labels.map(groupingLabel).join(', ')})` : '';
  if (grouped)
    text += ` ${card === 'many-to-one' ? 'group_left' : 'group_right'} (${include.map(groupingLabel).join(', ')})`;
  if (fillLeft !== undefined && Object.is(fillLeft, fillRight)) return `${text} fill (${number(fillLeft, false)})`;
  if (fillLeft !== undefined) text += ` fill_left (${number(fillLeft, false)})`;
  if (fillRight !== undefined) text += ` fill_right (${number(fillRight, false)})`;
  return text;
}

function selector({ metric, matchers }: VectorSelector): string {
  const bare = BARE_METRIC.test(metric) && !/^(?:inf|nan|on|ignoring|group_left|group_right|bool|atan2)$/i.test(metric);
  let named = false;
  const inner: string[] = [];
  for (const { name, op, value } of matchers) {
    if (!named && metric !== '' && name === METRIC_NAME && op === '=' && value === metric) {
      named = true;
      if (!bare) inner.push(quote(metric));
      continue;
    }
    inner.push(`${label(name)}${op}${quote(value)}`);
  }
  const head = bare && named ? metric : '';
  return inner.length === 0 && head !== '' ? head : `${head}{${inner.join(',')}}`;
}

function extension({ extension: written }: VectorSelector): string {
  return written === undefined ? '' : ` ${written}`;
}

function modifiers(offset: DurationNode | undefined, at: AtModifier | undefined): string {
  const parts: string[] = [];
  if (at !== undefined) parts.push(` @ ${at.kind === 'time' ? (at.ms / 1000).toFixed(3) : `${at.kind}()`}`);
  if (offset !== undefined) parts.push(` offset ${duration(offset)}`);
  return parts.join('');
}

function duration(node: DurationNode): string {
  switch (node.kind) {
    case 'fixed':
      return milliseconds(node.ms);
    case 'binary':
      return `${duration(node.left)} ${node.op} ${duration(node.right)}`;
    case 'negate':
      return `-${duration(node.operand)}`;
    case 'paren':
      return `(${duration(node.inner)})`;
    case 'call':
      return `${node.name}()`;
    case 'extremum':
      return `${node.name}_of(${duration(node.left)}, ${duration(node.right)})`;
    default:
      return node satisfies never;
  }
}

/** `1h30m`; a year is written in weeks and days. */
function milliseconds(ms: number): string {
  if (ms === 0) return '0s';
  let rest = Math.abs(ms);
  let text = ms < 0 ? '-' : '';
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}

function number(value: number, asDuration: boolean): string {
  // Seconds are milliseconds divided by 1000, which need not multiply back to a whole number.
  const ms = Math.round(value * 1000);
  if (asDuration && ms / 1000 === value) return milliseconds(ms);
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return Object.is(value, -0) ? '-0' : String(value);
}

function label(name: string): string {
  return BARE_LABEL.test(name) ? name : quote(name);
}

/** In a list of labels, where these words would be numbers. */
function groupingLabel(name: string): string {
  return /^(?:inf|nan)$/i.test(name) ? quote(name) : label(name);
}

/** In double quotes, with escapes that the lexer reads. */
function quote(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
