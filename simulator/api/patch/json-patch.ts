import { isDeepStrictEqual } from 'node:util';
import { ApiError, badRequest } from '../api-error.ts';
import { isObject, type JsonValue } from './json-value.ts';

/** RFC 6902. Neither argument is changed; an operation that cannot be done is an ApiError of 422. */
export function jsonPatch(target: JsonValue, operations: JsonValue): JsonValue {
  if (!Array.isArray(operations)) throw badRequest('a JSON patch must be an array of operations');
  let value = target;
  for (const operation of operations as readonly JsonValue[]) {
    if (!isObject(operation)) throw badRequest('an operation of a JSON patch must be an object');
    value = apply(value, operation);
  }
  return value;
}

function apply(target: JsonValue, operation: { readonly [field: string]: JsonValue }): JsonValue {
  const { op, value } = operation;
  const path = pointer(operation.path);
  switch (op) {
    case 'add':
      return changed(target, path, { insert: true, value: required(value) });
    case 'replace':
      read(target, path);
      return changed(target, path, { insert: false, value: required(value) });
    case 'remove':
      read(target, path);
      return changed(target, path, undefined);
    case 'move': {
      const from = pointer(operation.from);
      const moved = read(target, from);
      return changed(changed(target, from, undefined), path, { insert: true, value: moved });
    }
    case 'copy':
      return changed(target, path, { insert: true, value: read(target, pointer(operation.from)) });
    case 'test':
      if (!isDeepStrictEqual(read(target, path), required(value)))
        throw rejected(`testing path ${operation.path} failed`);
      return target;
    default:
      throw badRequest(`unexpected kind of JSON patch operation: ${JSON.stringify(op)}`);
  }
}

function required(value: JsonValue | undefined): JsonValue {
  if (value === undefined) throw badRequest('an operation of a JSON patch lacks its value');
  return value;
}

function pointer(path: JsonValue | undefined): readonly string[] {
  if (typeof path !== 'string' || (path !== '' && !path.startsWith('/'))) {
    throw badRequest(`the path of a JSON patch must begin with a slash, got ${JSON.stringify(path)}`);
  }
  return path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function read(target: JsonValue, path: readonly string[]): JsonValue {
  let value: JsonValue | undefined = target;
  for (const part of path) {
    if (Array.isArray(value)) value = (value as readonly JsonValue[])[indexOf(part, value.length - 1)];
    else value = isObject(value) && Object.hasOwn(value, part) ? value[part] : undefined;
    if (value === undefined) throw rejected(`the path /${path.join('/')} does not exist`);
  }
  return value;
}

/** A copy in which something else is at the path, or nothing. */
function changed(
  target: JsonValue,
  path: readonly string[],
  change: { readonly insert: boolean; readonly value: JsonValue } | undefined,
): JsonValue {
  const [part, ...rest] = path;
  if (part === undefined) return change === undefined ? null : change.value;
  if (Array.isArray(target)) {
    const items = [...(target as readonly JsonValue[])];
    if (rest.length > 0) {
      const at = indexOf(part, items.length - 1);
      items[at] = changed(items[at]!, rest, change);
    } else if (change === undefined) items.splice(indexOf(part, items.length - 1), 1);
    else if (!change.insert) items[indexOf(part, items.length - 1)] = change.value;
    else items.splice(part === '-' ? items.length : indexOf(part, items.length), 0, change.value);
    return items;
  }
  if (!isObject(target) || (rest.length > 0 && target[part] === undefined)) {
    throw rejected(`the path /${path.join('/')} does not exist`);
  }
  const { [part]: old, ...others } = target;
  if (rest.length > 0) return { ...target, [part]: changed(old!, rest, change) };
  return change === undefined ? others : { ...target, [part]: change.value };
}

function indexOf(part: string, last: number): number {
  const index = /^(0|[1-9]\d*)$/.test(part) ? Number(part) : -1;
  if (index < 0 || index > last) throw rejected(`the index ${part} is out of bounds`);
  return index;
}

function rejected(why: string): ApiError {
  return new ApiError(422, 'Invalid', `the server rejected our request due to an error in our request: ${why}`, {});
}
