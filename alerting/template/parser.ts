import { type Token, type TokenKind, tokenize } from './lexer.ts';
import type { Command, Node, Operand, Pipeline } from './node.ts';
import { TemplateError } from './template-error.ts';

/** A template that others can call. */
export interface Definition {
  readonly body: readonly Node[];
  /** The text that it stands in, and where that comes from, for positions in errors. */
  readonly source: string;
  readonly file: string | undefined;
}

/** What parsing gives: the template itself and those that it defines, by name. */
export interface ParsedTemplate extends Definition {
  readonly definitions: ReadonlyMap<string, Definition>;
}

export interface ParseOptions {
  /** Functions that the template may call; another name is an error. */
  readonly functions: ReadonlySet<string>;
  /** Variables, with their dollar sign, that exist before the text begins. */
  readonly variables: readonly string[];
  /** Where the text comes from, as errors of its evaluation shall name it. */
  readonly file?: string;
}

const MAX_NESTING = 100;

/** Throws a TemplateError with the position of the first fault. */
export function parse(source: string, options: ParseOptions): ParsedTemplate {
  return new Parser(source, options).parse();
}

type Clause = 'end' | 'else';

class Parser {
  readonly #source: string;
  readonly #file: string | undefined;
  readonly #tokens: readonly Token[];
  readonly #functions: ReadonlySet<string>;
  readonly #definitions = new Map<string, Definition>();
  #next = 0;
  #variables: string[];
  #loops = 0;
  #nesting = 0;

  constructor(source: string, options: ParseOptions) {
    this.#source = source;
    this.#file = options.file;
    this.#tokens = tokenize(source);
    this.#functions = options.functions;
    this.#variables = ['$', ...options.variables];
  }

  parse(): ParsedTemplate {
    const body: Node[] = [];
    while (this.#peek().kind !== 'end') {
      const node = this.#node();
      if (node === 'end' || node === 'else') {
        throw this.#error(`unexpected {{${node}}}`, this.#tokens[this.#next - 1]!);
      }
      if (node !== undefined) body.push(node);
    }
    return { body, definitions: this.#definitions, source: this.#source, file: this.#file };
  }

  #peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)]!;
  }

  #take(): Token {
    const token = this.#peek();
    this.#next++;
    return token;
  }

  #expect(kind: TokenKind, context: string): Token {
    const token = this.#take();
    if (token.kind !== kind) throw this.#unexpected(token, context);
    return token;
  }

  #error(reason: string, at: { readonly offset: number }): TemplateError {
    return new TemplateError(reason, this.#source, at.offset);
  }

  #unexpected(token: Token, context: string): TemplateError {
    const shown = token.kind === 'end' ? 'end of the template' : token.kind === 'close' ? '}}' : token.text;
    return this.#error(`unexpected ${JSON.stringify(shown)} in ${context}`, token);
  }

  #node(): Node | Clause | undefined {
    const token = this.#take();
    if (token.kind === 'text') return { kind: 'text', text: token.text, offset: token.offset };
    const { offset } = token;
    const word = this.#peek();
    if (word.kind !== 'identifier') return this.#action(offset);
    switch (word.text) {
      case 'if':
      case 'with':
      case 'range':
        this.#take();
        return this.#control(word.text, offset);
      case 'end':
        this.#take();
        this.#expect('close', 'end');
        return 'end';
      case 'else':
        // What follows the word decides: {{else}}, {{else if …}} or {{else with …}}.
        this.#take();
        return 'else';
      case 'break':
      case 'continue':
        if (this.#functions.has(word.text)) return this.#action(offset);
        this.#take();
        this.#expect('close', word.text);
        if (this.#loops === 0) throw this.#error(`{{${word.text}}} outside {{range}}`, word);
        return { kind: word.text, offset };
      case 'template':
        this.#take();
        return this.#template(offset);
      case 'block':
        this.#take();
        return this.#block(offset);
      case 'define':
        this.#take();
        this.#define();
        return undefined;
      default:
        return this.#action(offset);
    }
  }

  #action(offset: number): Node {
    const pipeline = this.#pipeline('command', 'close');
    return { kind: 'action', pipeline, offset };
  }

  /** Nodes up to {{end}} or {{else}}; of the latter the word alone has been read. */
  #list(context: string, begin: { readonly offset: number }): { nodes: Node[]; clause: Clause } {
    const nodes: Node[] = [];
    if (++this.#nesting > MAX_NESTING) throw this.#error(`more than ${MAX_NESTING} levels of nesting`, begin);
    for (;;) {
      if (this.#peek().kind === 'end') throw this.#error(`{{${context}}} without {{end}}`, begin);
      const node = this.#node();
      if (node === 'end' || node === 'else') {
        this.#nesting--;
        return { nodes, clause: node };
      }
      if (node !== undefined) nodes.push(node);
    }
  }

  #control(kind: 'if' | 'with' | 'range', offset: number): Node {
    const known = this.#variables.length;
    const pipeline = this.#pipeline(kind, 'close');
    if (kind === 'range') this.#loops++;
    const { nodes: body, clause } = this.#list(kind, { offset });
    if (kind === 'range') this.#loops--;
    const otherwise = clause === 'else' ? this.#otherwise(kind, offset) : [];
    this.#variables.length = known;
    return { kind, pipeline, body, otherwise, offset };
  }

  /** After the word `else`. */
  #otherwise(kind: 'if' | 'with' | 'range', begin: number): Node[] {
    const token = this.#take();
    if (token.kind === 'identifier' && token.text === kind && kind !== 'range') {
      // {{else if}} stands for {{else}}{{if}} and shares the one {{end}}.
      return [this.#control(kind, token.offset)];
    }
    if (token.kind !== 'close') throw this.#unexpected(token, 'else');
    const { nodes, clause } = this.#list(kind, { offset: begin });
    if (clause === 'else') throw this.#error('expected {{end}}, got {{else}}', this.#tokens[this.#next - 1]!);
    return nodes;
  }

  #template(offset: number): Node {
    const name = this.#expect('string', 'template clause').text;
    if (this.#peek().kind === 'close') {
      this.#take();
      return { kind: 'template', name, pipeline: undefined, offset };
    }
    return { kind: 'template', name, pipeline: this.#pipeline('template clause', 'close'), offset };
  }

  #block(offset: number): Node {
    const name = this.#expect('string', 'block clause').text;
    const pipeline = this.#pipeline('block clause', 'close');
    this.#definition(name, 'block', offset);
    return { kind: 'template', name, pipeline, offset };
  }

  #define(): void {
    const name = this.#expect('string', 'define clause');
    this.#expect('close', 'define clause');
    this.#definition(name.text, 'define', name.offset);
  }

  #definition(name: string, kind: 'define' | 'block', offset: number): void {
    if (this.#definitions.has(name)) throw this.#error(`template ${JSON.stringify(name)} is defined twice`, { offset });
    const { variables, loops } = { variables: this.#variables, loops: this.#loops };
    this.#variables = ['$'];
    this.#loops = 0;
    const { nodes, clause } = this.#list(kind, { offset });
    if (clause === 'else') throw this.#error(`unexpected {{else}} in ${kind} clause`, { offset });
    this.#variables = variables;
    this.#loops = loops;
    this.#definitions.set(name, { body: nodes, source: this.#source, file: this.#file });
  }

  #pipeline(context: string, end: 'close' | 'right-paren'): Pipeline {
    const { offset } = this.#peek();
    if (++this.#nesting > MAX_NESTING) throw this.#error(`more than ${MAX_NESTING} levels of nesting`, { offset });
    const { variables, assigns } = this.#variablesOf(context);
    // As in Go, an assignment makes a variable known too; whether there is one is seen when it is evaluated.
    this.#variables.push(...variables);
    const commands: Command[] = [];
    for (;;) {
      const token = this.#peek();
      if (token.kind === end) {
        this.#take();
        break;
      }
      if (commands.length > 0) {
        this.#expect('pipe', context);
        // As in Go, nothing need stand behind the last pipe.
        if (this.#peek().kind === end) continue;
      }
      commands.push(this.#command(context));
    }
    if (commands.length === 0) throw this.#error(`missing value for ${context}`, { offset });
    for (const [index, command] of commands.entries()) {
      const first = command.operands[0]!;
      if (index > 0 && (first.kind === 'literal' || first.kind === 'dot' || first.kind === 'nil')) {
        throw this.#error(`non executable command in pipeline stage ${index + 1}`, first);
      }
    }
    this.#nesting--;
    return { variables, assigns, commands, offset };
  }

  /** `$x :=`, `$x =`, and for range `$i, $x :=`. */
  #variablesOf(context: string): { variables: string[]; assigns: boolean } {
    const [first, second, third, fourth] = [this.#peek(), this.#peek(1), this.#peek(2), this.#peek(3)];
    const none = { variables: [], assigns: false };
    if (first.kind !== 'variable') return none;
    if (second.kind === 'declare' || second.kind === 'assign') {
      this.#next += 2;
      return { variables: [first.text], assigns: second.kind === 'assign' };
    }
    if (second.kind !== 'comma') return none;
    if (context !== 'range') throw this.#error(`too many declarations in ${context}`, second);
    if (third.kind !== 'variable' || (fourth.kind !== 'declare' && fourth.kind !== 'assign')) {
      throw this.#unexpected(third.kind === 'variable' ? fourth : third, context);
    }
    this.#next += 4;
    const assigns = fourth.kind === 'assign';
    return { variables: [first.text, third.text], assigns };
  }

  #known(variable: Token): void {
    if (!this.#variables.includes(variable.text)) {
      throw this.#error(`undefined variable ${JSON.stringify(variable.text)}`, variable);
    }
  }

  #command(context: string): Command {
    const { offset } = this.#peek();
    const operands: Operand[] = [];
    for (;;) {
      const token = this.#peek();
      if (token.kind === 'close' || token.kind === 'right-paren' || token.kind === 'pipe') break;
      if (operands.length > 0 && !token.spaced) throw this.#unexpected(token, 'operand');
      operands.push(this.#operand(context));
    }
    if (operands.length === 0) throw this.#unexpected(this.#peek(), context);
    return { operands, offset };
  }

  #operand(context: string): Operand {
    const token = this.#take();
    const { offset } = token;
    let operand: Operand;
    switch (token.kind) {
      case 'field':
        operand = { kind: 'fields', base: { kind: 'dot', offset }, names: [token.text], offset };
        break;
      case 'dot':
        operand = { kind: 'dot', offset };
        break;
      case 'variable':
        this.#known(token);
        operand = { kind: 'variable', name: token.text, offset };
        break;
      case 'string':
        operand = { kind: 'literal', value: token.text, offset };
        break;
      case 'char':
        if ([...token.text].length !== 1) throw this.#error('a character constant holds one character', token);
        operand = { kind: 'literal', value: BigInt(token.text.codePointAt(0)!), offset };
        break;
      case 'number':
        operand = { kind: 'literal', value: this.#number(token), offset };
        break;
      case 'identifier':
        operand = this.#word(token);
        break;
      case 'left-paren':
        operand = { kind: 'pipeline', pipeline: this.#pipeline('parenthesized pipeline', 'right-paren'), offset };
        break;
      case 'text':
      case 'open':
      case 'close':
      case 'pipe':
      case 'right-paren':
      case 'declare':
      case 'assign':
      case 'comma':
      case 'end':
        throw this.#unexpected(token, context);
      default:
        return token.kind satisfies never;
    }
    const names: string[] = [];
    while (this.#peek().kind === 'field' && !this.#peek().spaced) names.push(this.#take().text);
    if (names.length === 0) return operand;
    if (operand.kind === 'literal' || operand.kind === 'nil' || (operand.kind === 'dot' && token.kind === 'dot')) {
      throw this.#error(`unexpected . after term ${JSON.stringify(token.text)}`, token);
    }
    if (operand.kind === 'fields') return { ...operand, names: [...operand.names, ...names] };
    return { kind: 'fields', base: operand, names, offset };
  }

  #word(token: Token): Operand {
    const { offset, text } = token;
    if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true', offset };
    if (text === 'nil') return { kind: 'nil', offset };
    if (!this.#functions.has(text)) throw this.#error(`function ${JSON.stringify(text)} not defined`, token);
    return { kind: 'function', name: text, offset };
  }

  #number(token: Token): number | bigint {
    const text = token.text.replaceAll('_', '');
    const sign = text.startsWith('-') ? -1 : 1;
    const digits = text.replace(/^[+-]/, '');
    if (/^0[xX]/.test(digits) ? /[.pP]/.test(digits) : /[.eE]/.test(digits)) {
      const value = /^0[xX]/.test(digits) ? hexFloat(digits) : Number(digits);
      if (!Number.isFinite(value)) throw this.#error(`number ${token.text} does not fit a float64`, token);
      return sign * value;
    }
    const whole = BigInt(/^0[0-7]+$/.test(digits) ? '0o' + digits.slice(1) : digits) * BigInt(sign);
    if (BigInt.asIntN(64, whole) !== whole) throw this.#error(`integer ${token.text} does not fit 64 bits`, token);
    return whole;
  }
}

function hexFloat(digits: string): number {
  const [, whole = '', fraction = '', exponent = '0'] =
    /^0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)(?:[pP]([+-]?\d+))?$/.exec(digits) ?? [];
  return Number(BigInt('0x0' + whole + fraction)) * 2 ** (Number(exponent) - 4 * fraction.length);
}
