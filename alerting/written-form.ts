import type { z } from 'zod';
import { nearest } from './nearest.ts';

/** How names are written: `noData` in the Kubernetes resource and the JSON API, `no_data` in YAML files. */
export type WrittenForm = 'camel' | 'snake';

/** Names and positions that lead to a value, as they are written in its form. */
export type WrittenPath = readonly (string | number)[];

/** A fault of one field. */
export interface FieldProblem {
  readonly path: WrittenPath;
  /** What was expected and what was given. */
  readonly message: string;
}

/** `conditions[0].no_data` */
export function fieldOf(path: WrittenPath): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );
}

/** A name of the definition as it is written. */
export function writtenName(name: string, form: WrittenForm): string {
  return form === 'camel' ? name : name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A path by the definition's names as it is written; names that users choose, such as labels, stay as they are. */
export function writtenPath(definition: z.ZodType, path: readonly PropertyKey[], form: WrittenForm): WrittenPath {
  let part: Part | undefined = partOf(definition);
  return path.map((key) => {
    const known: Part | undefined = part;
    part = known === undefined ? undefined : below(known, key);
    if (typeof key === 'number') return key;
    return known?.kind === 'map' ? writtenName(String(key), form) : String(key);
  });
}

/**
 * What was written, with the definition's own names. Unknown keys are problems, and left out; so is what is null, which counts
 * as not given.
 */
export function readNames(
  definition: z.ZodType,
  value: unknown,
  form: WrittenForm,
): { readonly value: unknown; readonly problems: readonly FieldProblem[] } {
  const problems: FieldProblem[] = [];
  return { value: read(definition, value, []), problems };

  function read(type: z.ZodType, given: unknown, path: WrittenPath): unknown {
    const part = partOf(type);
    if (part.kind === 'list' && Array.isArray(given)) return given.map((item, i) => read(part.of, item, [...path, i]));
    if (!isMap(given)) return given;
    if (part.kind === 'record') {
      const entries = Object.entries(given).filter(([name]) => isSafe(name, path));
      return Object.fromEntries(entries.map(([name, inner]) => [name, read(part.of, inner, [...path, name])]));
    }
    if (part.kind !== 'map') return given;
    const names = new Map(Object.keys(part.shape).map((name) => [writtenName(name, form), name]));
    const result: Record<string, unknown> = {};
    for (const [written, inner] of Object.entries(given)) {
      const name = names.get(written);
      if (name === undefined)
        problems.push({ path: [...path, written], message: unknownKey(written, [...names.keys()]) });
      else if (inner !== null && inner !== undefined) result[name] = read(part.shape[name]!, inner, [...path, written]);
    }
    return result;
  }

  function isSafe(name: string, path: WrittenPath): boolean {
    if (name !== '__proto__') return true;
    problems.push({ path: [...path, name], message: 'expected another name' });
    return false;
  }
}

/** What has the definition's names, with those of the form. */
export function writeNames(definition: z.ZodType, value: unknown, form: WrittenForm): unknown {
  const part = partOf(definition);
  if (part.kind === 'list' && Array.isArray(value)) return value.map((item) => writeNames(part.of, item, form));
  if (part.kind !== 'map' || !isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      writtenName(name, form),
      part.shape[name] === undefined ? inner : writeNames(part.shape[name], inner, form),
    ]),
  );
}

/** What a type of the definition is made of. */
export type Part =
  | { readonly kind: 'map'; readonly shape: Readonly<Record<string, z.ZodType>> }
  | { readonly kind: 'record'; readonly of: z.ZodType }
  | { readonly kind: 'list'; readonly of: z.ZodType }
  | { readonly kind: 'scalar' };

interface Definition {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly valueType?: z.ZodType;
  readonly element?: z.ZodType;
}

/** The type itself, without what says that it is optional, has a default or is converted. */
export function partOf(type: z.ZodType): Part {
  const def = type.def as unknown as Definition;
  const inner = def.innerType ?? def.in;
  if (inner !== undefined) return partOf(inner);
  if (def.type === 'object') return { kind: 'map', shape: def.shape! };
  if (def.type === 'record') return { kind: 'record', of: def.valueType! };
  if (def.type === 'array') return { kind: 'list', of: def.element! };
  return { kind: 'scalar' };
}

function below(part: Part, key: PropertyKey): Part | undefined {
  switch (part.kind) {
    case 'map': {
      const inner = part.shape[String(key)];
      return inner === undefined ? undefined : partOf(inner);
    }
    case 'record':
    case 'list':
      return partOf(part.of);
    case 'scalar':
      return undefined;
    default:
      return part satisfies never;
  }
}

function unknownKey(name: string, names: readonly string[]): string {
  // Whoever writes noData where it is no_data has only the form wrong.
  const near =
    nearest(
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      names,
    ) ?? nearest(name, names);
  const hint = near === undefined ? `expected one of ${names.join(', ')}` : `did you mean ${JSON.stringify(near)}?`;
  return `unknown key ${JSON.stringify(name)}; ${hint}`;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
