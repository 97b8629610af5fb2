/**
 * The grammar of Kubernetes' labelSelector parameters: `a=b, c != d, e in (f, g), h notin (i), j, !k`. There are no quotes and no
 * escapes. Words are whatever stands between white space and `= ! ( ) , > <`; whether they are a key or a value decides where they
 * stand, so that `in in (in)` is good, and what they may consist of is checked afterwards.
 */
import { EVERYTHING, type LabelSelector, type Requirement } from './label-selector.ts';
import { labelKeyProblems, labelValueProblems } from './label-syntax.ts';
import { MetricsError } from './metrics-error.ts';
import { inOrder } from './selector-object.ts';

interface Token {
  readonly type: 'word' | 'end' | '=' | '==' | '!=' | '!' | '(' | ')' | ',' | '>' | '<';
  /** As it is written. */
  readonly text: string;
}

const OPERATORS = 'in, notin, =, ==, !=, gt, lt';
const TOKEN = /[ \t\r\n]*(?:(==|!=|[=!(),<>])|([^ \t\r\n=!(),<>]+)|$)/y;
/** Characters of what was given that a message repeats. */
const MAX_SHOWN = 100;

/**
 * Throws a MetricsError `invalid`, in Kubernetes' words, for what is no selector; `>` and `<`, which no autoscaler writes, are
 * none here.
 */
export function parseLabelSelector(text: string): LabelSelector {
  // What begins no word at all would end the text for the API server, and with it the conditions that follow.
  if (text.includes('\0')) throw refused('a selector must not contain the character U+0000');
  const tokens = new Tokens(text);
  if (tokens.peek().type === 'end') return EVERYTHING;
  const requirements: Requirement[] = [];
  for (;;) {
    const token = tokens.peek();
    if (token.type !== 'word' && token.type !== '!') {
      const wanted = requirements.length === 0 ? "!, identifier, or 'end of string'" : "identifier after ','";
      throw refused(`found '${shown(token.text)}', expected: ${wanted}`);
    }
    requirements.push(readRequirement(tokens));
    const next = tokens.take();
    if (next.type === 'end') return once(requirements);
    if (next.type !== ',') throw refused(`found '${shown(next.text)}', expected: ',' or 'end of string'`);
  }
}

function readRequirement(tokens: Tokens): Requirement {
  const negated = tokens.peek().type === '!';
  if (negated) tokens.take();
  const word = tokens.take();
  if (word.type !== 'word') throw unreadable(`found '${shown(word.text)}', expected: identifier`);
  const key = word.text;
  const problems = labelKeyProblems(key);
  if (problems.length > 0) throw unreadable(`Invalid value: "${shown(key)}": ${problems.join('; ')}`);
  const next = tokens.peek();
  if (next.type === 'end' || next.type === ',') {
    return { key, operator: negated ? 'DoesNotExist' : 'Exists', values: [] };
  }
  // `!key = value` would say two things.
  if (negated) throw refused(`found '${shown(next.text)}', expected: ',' or 'end of string'`);
  const operator = tokens.take();
  const set = operator.type === 'word' && (operator.text === 'in' || operator.text === 'notin');
  if (set) return checked(key, operator.text === 'in' ? 'In' : 'NotIn', readValues(tokens));
  switch (operator.type) {
    case '=':
    case '==':
      return checked(key, 'In', [readValue(tokens)]);
    case '!=':
      return checked(key, 'NotIn', [readValue(tokens)]);
    case '>':
    case '<':
      throw unreadable(
        `the operator '${operator.type}' is not supported for metrics, only =, ==, !=, in, notin, ! are`,
      );
    default:
      throw unreadable(`found '${shown(operator.text)}', expected: ${OPERATORS}`);
  }
}

/** The value after `=`, which may be missing. */
function readValue(tokens: Tokens): string {
  const token = tokens.peek();
  if (token.type === 'end' || token.type === ',') return '';
  tokens.take();
  if (token.type !== 'word') throw unreadable(`found '${shown(token.text)}', expected: identifier`);
  return token.text;
}

/** `(a, b)`; what is missing before or after a comma is the empty value. */
function readValues(tokens: Tokens): readonly string[] {
  const open = tokens.take();
  if (open.type !== '(') throw unreadable(`found '${shown(open.text)}' expected: '('`);
  const values: string[] = [];
  for (;;) {
    if (tokens.peek().type === 'word') values.push(tokens.take().text);
    else values.push('');
    const token = tokens.take();
    if (token.type === ')') return values;
    if (token.type !== ',') throw unreadable(`found '${shown(token.text)}', expected: ',' or ')'`);
  }
}

function checked(key: string, operator: 'In' | 'NotIn', values: readonly string[]): Requirement {
  for (const value of values) {
    const problems = labelValueProblems(value);
    if (problems.length > 0) throw unreadable(`values: Invalid value: "${shown(value)}": ${problems.join('; ')}`);
  }
  return { key, operator, values: [...new Set(values)].sort() };
}

/** The same condition twice is one. */
function once(requirements: readonly Requirement[]): LabelSelector {
  const known = new Map(requirements.map((requirement) => [JSON.stringify(requirement), requirement]));
  return inOrder([...known.values()]);
}

class Tokens {
  readonly #text: string;
  #at = 0;
  #next: Token;

  constructor(text: string) {
    this.#text = text;
    this.#next = this.#read();
  }

  peek(): Token {
    return this.#next;
  }

  take(): Token {
    const token = this.#next;
    this.#next = this.#read();
    return token;
  }

  #read(): Token {
    TOKEN.lastIndex = this.#at;
    const match = TOKEN.exec(this.#text)!;
    this.#at = TOKEN.lastIndex;
    const [, symbol, word] = match;
    if (symbol !== undefined) return { type: symbol as Token['type'], text: symbol };
    return word === undefined ? { type: 'end', text: '' } : { type: 'word', text: word };
  }
}

function shown(text: string): string {
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
}

function unreadable(problem: string): MetricsError {
  return refused(`unable to parse requirement: ${problem}`);
}

function refused(problem: string): MetricsError {
  return new MetricsError('invalid', problem);
}
