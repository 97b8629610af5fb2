/**
 * Which fields of an object a manager has set, as the tree that `managedFields` shows: `f:spec` stands for a field,
 * `k:{"name":"web"}` for the item of a list with that key, `v:"x"` for a plain value of a set, and an empty node for a leaf.
 */
import { isObject, type JsonObject, type JsonValue } from './json-value.ts';
import { listMerge } from './merge-keys.ts';

export interface FieldSet {
  readonly [step: string]: FieldSet;
}

/** All leaves of a value. Lists that are not merged are leaves. */
export function fieldsOf(value: JsonObject, custom: boolean): FieldSet {
  const fields: Record<string, FieldSet> = {};
  for (const [field, inner] of Object.entries(value)) fields[`f:${field}`] = fieldsIn(field, inner, custom);
  return fields;
}

function fieldsIn(field: string, value: JsonValue, custom: boolean): FieldSet {
  if (isObject(value)) return fieldsOf(value, custom);
  if (!Array.isArray(value)) return {};
  const items = value as readonly JsonValue[];
  const how = listMerge(field, items, custom);
  if (how === 'replace' || items.length === 0) return {};
  return Object.fromEntries(
    items.map((item) => [stepOf(item, how), isObject(item) ? fieldsOf(item, custom) : {}] as const),
  );
}

function stepOf(item: JsonValue, how: { readonly by: string } | 'set'): string {
  if (how === 'set' || !isObject(item)) return `v:${JSON.stringify(item)}`;
  return `k:${JSON.stringify({ [how.by]: item[how.by] })}`;
}

/** The steps to each leaf. */
export function leavesOf(fields: FieldSet, above: readonly string[] = []): readonly (readonly string[])[] {
  const entries = Object.entries(fields);
  if (entries.length === 0) return above.length === 0 ? [] : [above];
  return entries.flatMap(([step, inner]) => leavesOf(inner, [...above, step]));
}

/** Whether the path is in the set, as a leaf or above one. */
export function hasPath(fields: FieldSet, path: readonly string[]): boolean {
  let at: FieldSet | undefined = fields;
  for (const step of path) {
    at = at[step];
    if (at === undefined) return false;
  }
  return true;
}

/** What a set has and none of the others: leaves, and items of lists as a whole. */
export function pathsOnlyIn(
  fields: FieldSet,
  others: readonly FieldSet[],
  above: readonly string[] = [],
): readonly (readonly string[])[] {
  return Object.entries(fields).flatMap(([step, inner]) => {
    const path = [...above, step];
    const whole = !step.startsWith('f:') || Object.keys(inner).length === 0;
    if (whole && !others.some((other) => hasPath(other, path))) return [path];
    return pathsOnlyIn(inner, others, path);
  });
}

/** A set without some leaves. */
export function withoutLeaves(fields: FieldSet, paths: readonly (readonly string[])[]): FieldSet {
  const gone = new Set(paths.map((path) => JSON.stringify(path)));
  return setOf(leavesOf(fields).filter((path) => !gone.has(JSON.stringify(path))));
}

function setOf(paths: readonly (readonly string[])[]): FieldSet {
  const root: Record<string, FieldSet> = {};
  for (const path of paths) {
    let at = root;
    for (const step of path) {
      at[step] ??= {};
      at = at[step] as Record<string, FieldSet>;
    }
  }
  return root;
}

/** What is at a path; undefined when nothing is. */
export function valueAt(value: JsonValue | undefined, path: readonly string[]): JsonValue | undefined {
  let at = value;
  for (const step of path) at = at === undefined ? undefined : below(at, step);
  return at;
}

function below(value: JsonValue, step: string): JsonValue | undefined {
  if (step.startsWith('f:')) return isObject(value) ? value[step.slice(2)] : undefined;
  if (!Array.isArray(value)) return undefined;
  return (value as readonly JsonValue[]).find((item) => matches(item, step));
}

function matches(item: JsonValue, step: string): boolean {
  const wanted = JSON.parse(step.slice(2)) as JsonValue;
  if (step.startsWith('v:')) return item === wanted;
  return isObject(item) && Object.entries(wanted as JsonObject).every(([field, key]) => item[field] === key);
}

/** A value without what is at a path, and without the objects and lists that are empty for it. */
export function withoutPath(value: JsonValue, [step, ...rest]: readonly string[]): JsonValue | undefined {
  if (step === undefined) return undefined;
  if (step.startsWith('f:')) {
    const field = step.slice(2);
    if (!isObject(value) || value[field] === undefined) return value;
    const inner = withoutPath(value[field], rest);
    const { [field]: _gone, ...others } = value;
    if (inner !== undefined) return { ...value, [field]: inner };
    return Object.keys(others).length === 0 ? undefined : others;
  }
  if (!Array.isArray(value)) return value;
  const items = (value as readonly JsonValue[]).flatMap((item): readonly JsonValue[] => {
    if (!matches(item, step)) return [item];
    const inner = withoutPath(item, rest);
    return inner === undefined ? [] : [inner];
  });
  return items.length === 0 ? undefined : items;
}
