import { isObject, type JsonValue } from './json-value.ts';

/** RFC 7386: objects are merged, null removes a field, everything else replaces. Neither argument is changed. */
export function mergePatch(target: JsonValue, patch: JsonValue): JsonValue {
  if (!isObject(patch)) return patch;
  const merged: Record<string, JsonValue> = isObject(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete merged[field];
    else merged[field] = mergePatch(merged[field] ?? null, value);
  }
  return merged;
}
