import { commandAt, operandAt, templateAt } from './excerpt.ts';
import { formatValue } from './format.ts';
import { DURATION_METHODS, GoDuration } from './go-duration.ts';
import type { TemplateFunction } from './go-functions.ts';
import { GoTime } from './go-time.ts';
import type { Method, Methods } from './method.ts';
import type { Command, Node, Operand, Pipeline } from './node.ts';
import type { Definition, ParsedTemplate } from './parser.ts';
import { TemplateError } from './template-error.ts';
import { TIME_METHODS } from './time-methods.ts';
import {
  ArgumentError,
  ArityError,
  GoMap,
  GoStruct,
  isList,
  isTrue,
  typeName,
  type Value,
  ValueError,
} from './value.ts';

export interface EvaluationLimits {
  /** Characters of output. */
  readonly output: number;
  /** Nodes and commands evaluated. */
  readonly steps: number;
  /** Templates that call templates. */
  readonly depth: number;
}

/** Stands between the values and the output where the output is not plain text. */
export interface Escaper {
  /** Is told of the template's own text, in order, and gives what of it is written. */
  literal(text: string): string;
  /** How a value may stand after all that was written. */
  escaped(value: Value): string;
}

export interface Evaluation {
  readonly data: Value;
  /** Templates that are defined elsewhere; those of the text itself come first. */
  readonly definitions?: ReadonlyMap<string, Definition>;
  /** Default: values are written as they are. */
  readonly escaper?: Escaper;
  /** What the predeclared variables hold, by name with the dollar. */
  readonly variables: ReadonlyMap<string, Value>;
  readonly functions: ReadonlyMap<string, TemplateFunction>;
  readonly limits: EvaluationLimits;
}

/** Throws a TemplateError; what a function throws besides a ValueError passes through. */
export function evaluate(template: ParsedTemplate, evaluation: Evaluation): string {
  return new Evaluator(template, evaluation).run();
}

/** No value came down the pipeline, which differs from a nil that did. */
const NOTHING = Symbol('nothing');
type Piped = Value | typeof NOTHING;
type Signal = 'break' | 'continue' | undefined;

interface Variable {
  readonly name: string;
  value: Value;
}

class Evaluator {
  readonly #template: ParsedTemplate;
  readonly #evaluation: Evaluation;
  /** The definition that is being evaluated, for positions in errors. */
  #current: Definition;
  /** Its name; '' for the text itself. */
  #within = '';
  #variables: Variable[];
  #output = '';
  #steps = 0;
  #depth = 0;

  constructor(template: ParsedTemplate, evaluation: Evaluation) {
    this.#template = template;
    this.#evaluation = evaluation;
    this.#current = template;
    this.#variables = [{ name: '$', value: evaluation.data }];
    for (const [name, value] of evaluation.variables) this.#variables.push({ name, value });
  }

  run(): string {
    this.#walk(this.#template.body, this.#evaluation.data);
    return this.#output;
  }

  #error(reason: string, at: { readonly offset: number }, excerptAt = operandAt): TemplateError {
    const { source, file } = this.#current;
    const { text: excerpt, offset } = excerptAt(source, at.offset);
    const failedAt = { excerpt, offset, within: this.#within };
    return new TemplateError(reason, source, { offset: at.offset, file, failedAt });
  }

  #step(at: { readonly offset: number }): void {
    const { steps } = this.#evaluation.limits;
    if (++this.#steps > steps) throw this.#error(`the template took more than ${steps} steps`, at);
  }

  #write(text: string, at: { readonly offset: number }): void {
    const { output } = this.#evaluation.limits;
    if (this.#output.length + text.length > output) {
      throw this.#error(`the output is longer than ${output} characters`, at);
    }
    this.#output += text;
  }

  #walk(nodes: readonly Node[], dot: Value): Signal {
    const known = this.#variables.length;
    for (const node of nodes) {
      const signal = this.#node(node, dot);
      if (signal !== undefined) {
        this.#variables.length = known;
        return signal;
      }
    }
    this.#variables.length = known;
    return undefined;
  }

  #node(node: Node, dot: Value): Signal {
    this.#step(node);
    switch (node.kind) {
      case 'text':
        this.#write(this.#evaluation.escaper?.literal(node.text) ?? node.text, node);
        return undefined;
      case 'action': {
        const value = this.#pipeline(node.pipeline, dot);
        if (node.pipeline.variables.length === 0) this.#write(this.#shown(value), node);
        return undefined;
      }
      case 'if':
      case 'with': {
        const known = this.#variables.length;
        const value = this.#pipeline(node.pipeline, dot);
        const truth = isTrue(value);
        const signal = this.#walk(truth ? node.body : node.otherwise, truth && node.kind === 'with' ? value : dot);
        this.#variables.length = known;
        return signal;
      }
      case 'range':
        return this.#range(node, dot);
      case 'template':
        this.#call(node, dot);
        return undefined;
      case 'break':
      case 'continue':
        return node.kind;
      default:
        return node satisfies never;
    }
  }

  #shown(value: Value): string {
    const { escaper } = this.#evaluation;
    if (escaper !== undefined) return escaper.escaped(value ?? '');
    if (value === null) return '<no value>';
    // Of a pointer, what it points to.
    const text = formatValue(value);
    return value instanceof GoStruct && text.startsWith('&') ? text.slice(1) : text;
  }

  #range(node: Node & { readonly kind: 'if' | 'with' | 'range' }, dot: Value): Signal {
    const known = this.#variables.length;
    const { pipeline } = node;
    const over = this.#commands(pipeline, dot);
    let rounds = 0;
    for (const [key, item] of this.#items(over, pipeline)) {
      rounds++;
      this.#step(pipeline);
      this.#variables.length = known;
      const [first, second] = pipeline.variables;
      if (second !== undefined) {
        this.#set(first!, key, pipeline);
        this.#set(second, item, pipeline);
      } else if (first !== undefined) this.#set(first, item, pipeline);
      if (this.#walk(node.body, item) === 'break') break;
    }
    this.#variables.length = known;
    return rounds === 0 ? this.#walk(node.otherwise, dot) : undefined;
  }

  *#items(over: Value, at: Pipeline): Generator<readonly [Value, Value]> {
    if (over === null) return;
    if (isList(over)) {
      for (const [i, item] of over.entries()) yield [BigInt(i), item];
    } else if (over instanceof GoMap) {
      for (const key of over.sortedKeys()) yield [key, over.get(key)];
    } else if (typeof over === 'bigint') {
      for (let i = 0n; i < over; i++) yield [i, i];
    } else throw this.#error(`range can't iterate over ${formatValue(over)}`, lastOperand(at));
  }

  #set(name: string, value: Value, pipeline: Pipeline): void {
    if (!pipeline.assigns) {
      this.#variables.push({ name, value });
      return;
    }
    this.#variable(name, lastOperand(pipeline)).value = value;
  }

  /** The innermost of that name. There may be none where only an assignment that was not come to made it known. */
  #variable(name: string, at: { readonly offset: number }): Variable {
    const found = this.#variables.findLast((variable) => variable.name === name);
    if (found === undefined) throw this.#error(`undefined variable: ${name}`, at);
    return found;
  }

  #call(node: Node & { readonly kind: 'template' }, dot: Value): void {
    const definition = this.#template.definitions.get(node.name) ?? this.#evaluation.definitions?.get(node.name);
    if (definition === undefined) {
      throw this.#error(`template ${JSON.stringify(node.name)} not defined`, node, templateAt);
    }
    const { depth } = this.#evaluation.limits;
    if (this.#depth >= depth) throw this.#error(`templates call each other more than ${depth} deep`, node);
    const data = node.pipeline === undefined ? null : this.#pipeline(node.pipeline, dot);
    const [variables, current, within] = [this.#variables, this.#current, this.#within];
    this.#variables = [{ name: '$', value: data }];
    this.#current = definition;
    this.#within = node.name;
    this.#depth++;
    this.#walk(definition.body, data);
    this.#depth--;
    this.#current = current;
    this.#within = within;
    this.#variables = variables;
  }

  #pipeline(pipeline: Pipeline, dot: Value): Value {
    const value = this.#commands(pipeline, dot);
    for (const name of pipeline.variables) this.#set(name, value, pipeline);
    return value;
  }

  #commands(pipeline: Pipeline, dot: Value): Value {
    let piped: Piped = NOTHING;
    for (const command of pipeline.commands) piped = this.#command(command, dot, piped);
    return piped as Value;
  }

  #command(command: Command, dot: Value, piped: Piped): Value {
    this.#step(command);
    const [first, ...rest] = command.operands as [Operand, ...Operand[]];
    if (first.kind === 'function') return this.#function(first, rest, dot, piped);
    if (first.kind === 'fields') {
      const args = rest.map((operand) => this.#operand(operand, dot));
      return this.#fields(first, dot, piped === NOTHING ? args : [...args, piped]);
    }
    if (rest.length > 0 || piped !== NOTHING) {
      const { text } = operandAt(this.#current.source, first.offset);
      throw this.#error(`can't give argument to non-function ${text}`, first);
    }
    if (first.kind === 'nil') throw this.#error('nil is not a command', first);
    return this.#operand(first, dot);
  }

  #function(
    name: Operand & { readonly kind: 'function' },
    operands: readonly Operand[],
    dot: Value,
    piped: Piped,
  ): Value {
    if (name.name === 'and' || name.name === 'or') return this.#logic(name, operands, dot, piped);
    const args = operands.map((operand) => this.#operand(operand, dot));
    if (piped !== NOTHING) args.push(piped);
    try {
      return this.#evaluation.functions.get(name.name)!(args);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      if (error instanceof ArityError) throw this.#error(error.message, name);
      if (error instanceof ArgumentError) throw this.#argumentError(error, name, operands);
      const at = operands.length === 0 ? operandAt : commandAt;
      throw this.#error(`error calling ${name.name}: ${error.message}`, name, at);
    }
  }

  /** Go checks the types of arguments before a function is called, and those that are written there by how they are written. */
  #argumentError({ index, wanted, got }: ArgumentError, name: Operand, operands: readonly Operand[]): TemplateError {
    const operand = operands[index];
    if (operand?.kind !== 'literal') {
      return this.#error(`wrong type for value; expected ${wanted}; got ${got}`, operand ?? operands.at(-1) ?? name);
    }
    const { text } = operandAt(this.#current.source, operand.offset);
    const reason =
      wanted === 'string' ? `expected string; found ${text}` : `can't handle ${text} for arg of type ${wanted}`;
    return this.#error(reason, operand);
  }

  /** Evaluates arguments only until the answer is known. */
  #logic(name: Operand & { readonly kind: 'function' }, operands: readonly Operand[], dot: Value, piped: Piped): Value {
    let value: Piped = NOTHING;
    for (const operand of operands) {
      value = this.#operand(operand, dot);
      if (isTrue(value) === (name.name === 'or')) return value;
    }
    if (piped !== NOTHING) return piped;
    if (value === NOTHING) throw this.#error(`wrong number of args for ${name.name}: want at least 1 got 0`, name);
    return value;
  }

  #operand(operand: Operand, dot: Value): Value {
    this.#step(operand);
    switch (operand.kind) {
      case 'dot':
        return dot;
      case 'nil':
        return null;
      case 'literal':
        return operand.value;
      case 'function':
        return this.#function(operand, [], dot, NOTHING);
      case 'variable':
        return this.#variable(operand.name, operand).value;
      case 'pipeline':
        return this.#pipeline(operand.pipeline, dot);
      case 'fields':
        return this.#fields(operand, dot, []);
      default:
        return operand satisfies never;
    }
  }

  /** Arguments go to the last name, which must then be a method. */
  #fields(operand: Operand & { readonly kind: 'fields' }, dot: Value, args: readonly Value[]): Value {
    let value = this.#operand(operand.base, dot);
    for (const [i, name] of operand.names.entries()) {
      value = this.#field(value, name, { operand, args: i === operand.names.length - 1 ? args : [] });
    }
    return value;
  }

  #field(value: Value, name: string, { operand, args }: { operand: Operand; args: readonly Value[] }): Value {
    const method = methodsOfValue(value)?.get(name);
    if (method !== undefined) return this.#method(method, name, { value, operand, args });
    if (args.length > 0) throw this.#error(`${name} has arguments but cannot be invoked as function`, operand);
    if (value instanceof GoMap) return value.get(name);
    if (value instanceof GoStruct) {
      const field = value.fields.get(name);
      if (field !== undefined) return field;
    }
    // Behind parentheses Go names what stood last in them.
    const at =
      operand.kind === 'fields' && operand.base.kind === 'pipeline' ? lastOperand(operand.base.pipeline) : operand;
    if (value === null) throw this.#error(`nil data; no entry for key ${JSON.stringify(name)}`, at);
    throw this.#error(`can't evaluate field ${name} in type ${typeName(value)}`, at);
  }

  #method(
    method: Method,
    name: string,
    { value, operand, args }: { value: Value; operand: Operand; args: readonly Value[] },
  ): Value {
    if (args.length !== method.arity) {
      throw this.#error(`wrong number of args for ${name}: want ${method.arity} got ${args.length}`, operand);
    }
    try {
      return method.call(value, args);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      throw this.#error(error.message, operand);
    }
  }
}

/** What is evaluated last. */
function lastOperand(pipeline: Pipeline): Operand {
  const operand = pipeline.commands.at(-1)!.operands.at(-1)!;
  return operand.kind === 'pipeline' ? lastOperand(operand.pipeline) : operand;
}

function methodsOfValue(value: Value): Methods | undefined {
  if (value instanceof GoTime) return TIME_METHODS;
  if (value instanceof GoDuration) return DURATION_METHODS;
  if (value instanceof GoMap) return value.type?.methods;
  return value !== null && isList(value) ? value.methods : undefined;
}
