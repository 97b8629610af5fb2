import { parseSeriesLine, type SeriesLine } from '../../query/promql/series-notation.ts';
import { parseNumber } from './parse-number.ts';

/**
 * The language of Prometheus' promqltest scripts: load data, evaluate queries, say what is expected. Lines are trimmed,
 * a line that starts with `#` counts as empty,
 * an empty line ends a command.
 */
export type Command = LoadCommand | ClearCommand | EvalCommand;

export interface ClearCommand {
  readonly kind: 'clear';
  readonly line: number;
}

export interface LoadCommand {
  readonly kind: 'load';
  readonly line: number;
  /** Distance of the samples in milliseconds. */
  readonly step: number;
  readonly series: readonly SeriesLine[];
  /** True for load_with_nhcb, which also stores each classic histogram as a native one. */
  readonly withNativeHistograms: boolean;
}

export interface Expectation {
  readonly kind: 'fail' | 'warn' | 'info' | 'no_warn' | 'no_info';
  readonly message: string | undefined;
  readonly regex: RegExp | undefined;
}

export interface EvalCommand {
  readonly kind: 'eval';
  readonly line: number;
  readonly expr: string;
  readonly at: InstantTime | RangeTime;
  readonly ordered: boolean;
  readonly expectations: readonly Expectation[];
  readonly string: string | undefined;
  readonly scalar: number | undefined;
  /** Set by `expect range vector`: where the items of the expected series lie. */
  readonly matrix: RangeTime | undefined;
  readonly series: readonly SeriesLine[];
}

export interface InstantTime {
  readonly kind: 'instant';
  readonly time: number;
}

export interface RangeTime {
  readonly kind: 'range';
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

interface Line {
  readonly number: number;
  readonly text: string;
}

/** Throws an Error with the line's number when the script is not understood. */
export function parseScript(text: string): readonly Command[] {
  const commands: Command[] = [];
  const lines = text.split('\n').map((raw, i): Line => {
    const trimmed = raw.trim();
    return { number: i + 1, text: trimmed.startsWith('#') ? '' : trimmed };
  });
  let at = 0;
  while (at < lines.length) {
    const head = lines[at++]!;
    if (head.text === '') continue;
    const body: Line[] = [];
    if (head.text !== 'clear') {
      while (at < lines.length && lines[at]!.text !== '') body.push(lines[at++]!);
    }
    commands.push(parseCommand(head, body));
  }
  return commands;
}

function parseCommand(head: Line, body: readonly Line[]): Command {
  const { number: line, text } = head;
  if (text === 'clear') return { kind: 'clear', line };
  const load = /^(load|load_with_nhcb)\s+(\S+)$/.exec(text);
  if (load !== null) {
    return {
      kind: 'load',
      line,
      step: parseDuration(load[2]!),
      series: body.map((one) => parseLine(one)),
      withNativeHistograms: load[1] === 'load_with_nhcb',
    };
  }
  const instant = /^eval(_fail|_warn|_ordered|_info)?\s+instant\s+(?:at\s+(\S+))\s+(.+)$/.exec(text);
  if (instant !== null) {
    const time = parseDuration(instant[2]!);
    return parseEval({ line, form: instant[1], expr: instant[3]!, at: { kind: 'instant', time } }, body);
  }
  const range = /^eval(_fail|_warn|_info)?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$/.exec(text);
  if (range !== null) {
    const [start, end, step] = [range[2]!, range[3]!, range[4]!].map(parseDuration);
    const at: RangeTime = { kind: 'range', start: start!, end: end!, step: step! };
    return parseEval({ line, form: range[1], expr: range[5]!, at }, body);
  }
  throw new Error(`line ${line}: not a command: ${text}`);
}

function parseEval(
  head: { line: number; form: string | undefined; expr: string; at: InstantTime | RangeTime },
  body: readonly Line[],
): EvalCommand {
  const { line, form, expr, at } = head;
  const expectations: Expectation[] = [];
  if (form === '_fail' || form === '_warn' || form === '_info') {
    expectations.push({ kind: form.slice(1) as 'fail', message: undefined, regex: undefined });
  }
  let ordered = form === '_ordered';
  let string: string | undefined;
  let scalar: number | undefined;
  let matrix: RangeTime | undefined;
  const series: SeriesLine[] = [];
  for (const one of body) {
    const { text } = one;
    const annotation = /^expect\s+(fail|warn|info|no_warn|no_info)\s*(?:(msg|regex)\s*:\s*(.*))?$/.exec(text);
    const old = /^expected_fail_(message|regexp)\s+(.*)$/.exec(text);
    const range = /^expect\s+range\s+vector\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)$/.exec(text);
    const literal = /^expect\s+string\s+(.+)$/.exec(text);
    if (annotation !== null) {
      expectations.push(expectation(annotation[1] as Expectation['kind'], annotation[2], annotation[3]));
    } else if (old !== null) {
      expectations.push(expectation('fail', old[1] === 'message' ? 'msg' : 'regex', old[2]));
    } else if (range !== null) {
      const [start, end, step] = [range[1]!, range[2]!, range[3]!].map(parseDuration);
      matrix = { kind: 'range', start: start!, end: end!, step: step! };
    } else if (literal !== null) {
      string = unquote(literal[1]!);
    } else if (text === 'expect ordered') {
      ordered = true;
    } else if (!Number.isNaN(parseNumber(text)) || /^nan$/i.test(text)) {
      scalar = parseNumber(text);
    } else if (text.startsWith('expect ')) {
      throw new Error(`line ${one.number}: not an expectation: ${text}`);
    } else {
      series.push(parseLine(one));
    }
  }
  return { kind: 'eval', line, expr, at, ordered, expectations, string, scalar, matrix, series };
}

function expectation(kind: Expectation['kind'], how: string | undefined, text: string | undefined): Expectation {
  return {
    kind,
    message: how === 'msg' ? text!.trim() : undefined,
    regex: how === 'regex' ? new RegExp(text!.trim()) : undefined,
  };
}

function parseLine(line: Line): SeriesLine {
  try {
    return parseSeriesLine(line.text);
  } catch (error) {
    throw new Error(`line ${line.number}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

/** `1h30m`, `0`, `-5s` in milliseconds. */
export function parseDuration(text: string): number {
  if (/^-?0$/.test(text)) return 0;
  const negative = text.startsWith('-');
  const parts = [...text.matchAll(/(\d+)(ms|[smhdwy])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text.replace(/^-/, '')) {
    throw new Error(`not a duration: ${text}`);
  }
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit!]!, 0);
  return negative ? -ms : ms;
}

function unquote(text: string): string {
  return text.startsWith('`') ? text.slice(1, -1) : (JSON.parse(text.replace(/^'|'$/g, '"')) as string);
}
