/**
 * The strategic merge patch that kubectl sends for built-in kinds. Lists whose items have a key are merged item by item, and
 * these directives are known: `$patch: replace | delete | merge`, `$deleteFromPrimitiveList/f`, `$setElementOrder/f` and
 * `$retainKeys`.
 *
 *     containers: [{name: a, image: a:1}, {name: b, image: b:1}]  with  containers: [{name: b, image: b:2}]
 *  -> containers: [{name: a, image: a:1}, {name: b, image: b:2}]
 */
import { isObject, type JsonObject, type JsonValue } from './json-value.ts';
import { listMerge } from './merge-keys.ts';
import { mergePatch } from './merge-patch.ts';

/** The target with the patch applied; neither is changed. */
export function strategicMerge(target: JsonValue, patch: JsonValue): JsonValue {
  if (!isObject(patch)) return patch;
  return mergeObjects(isObject(target) ? target : {}, patch);
}

function mergeObjects(target: JsonObject, patch: JsonObject): JsonObject {
  if (patch.$patch === 'replace') return clean(patch) as JsonObject;
  if (patch.$patch === 'delete') return {};
  const merged: Record<string, JsonValue> = { ...target };
  if (Array.isArray(patch.$retainKeys)) {
    const kept = new Set(patch.$retainKeys as readonly JsonValue[]);
    for (const field of Object.keys(merged)) if (!kept.has(field)) delete merged[field];
  }
  for (const [field, value] of Object.entries(patch)) {
    if (field.startsWith('$')) continue;
    const old = merged[field];
    if (value === null) delete merged[field];
    else if (Array.isArray(value)) merged[field] = mergeLists(field, Array.isArray(old) ? old : [], value);
    else if (isObject(value)) merged[field] = mergeObjects(isObject(old) ? old : {}, value);
    else merged[field] = value;
  }
  for (const [directive, value] of Object.entries(patch)) {
    const [name, field = ''] = directive.split('/', 2);
    const list = merged[field];
    if (!Array.isArray(value) || !Array.isArray(list)) continue;
    if (name === '$deleteFromPrimitiveList') merged[field] = list.filter((item) => !value.includes(item));
    if (name === '$setElementOrder') merged[field] = ordered(field, list, value);
  }
  return merged;
}

function mergeLists(field: string, old: readonly JsonValue[], patch: readonly JsonValue[]): JsonValue {
  if (patch.some((item) => isObject(item) && item.$patch === 'replace' && Object.keys(item).length === 1)) {
    return patch.filter((item) => !(isObject(item) && item.$patch === 'replace')).map(clean);
  }
  const how = listMerge(field, old.length > 0 ? old : patch, false);
  if (how === 'replace') return patch.map(clean);
  if (how === 'set') return [...new Set([...old, ...patch])];
  const { by } = how;
  const merged = [...old];
  for (const item of patch) {
    if (!isObject(item)) continue;
    const at = merged.findIndex((other) => isObject(other) && other[by] === item[by]);
    if (item.$patch === 'delete') {
      if (at >= 0) merged.splice(at, 1);
    } else if (at < 0) merged.push(clean(item));
    else merged[at] = mergeObjects(merged[at] as JsonObject, item);
  }
  return merged;
}

/** Items in the order given; those that it does not name keep their place after the ones before them. */
function ordered(field: string, list: readonly JsonValue[], order: readonly JsonValue[]): readonly JsonValue[] {
  const how = listMerge(field, list, false);
  const keyOf = (item: JsonValue): JsonValue | undefined =>
    typeof how === 'object' && isObject(item) ? item[how.by] : item;
  const rank = new Map(order.map((item, i) => [keyOf(item), i]));
  const named = list.filter((item) => rank.has(keyOf(item))).sort((a, b) => rank.get(keyOf(a))! - rank.get(keyOf(b))!);
  const result: JsonValue[] = [];
  let next = 0;
  for (const item of list) result.push(rank.has(keyOf(item)) ? named[next++]! : item);
  return result;
}

/** Without directives and nulls. */
function clean(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(clean);
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([field]) => !field.startsWith('$'));
  return mergePatch({}, Object.fromEntries(kept.map(([field, inner]) => [field, clean(inner)])));
}
