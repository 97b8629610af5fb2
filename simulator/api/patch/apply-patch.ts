import { parse } from 'yaml';
import { badRequest, unsupportedMediaType } from '../api-error.ts';
import { parseJson } from '../api-request.ts';
import { jsonPatch } from './json-patch.ts';
import { isObject, type JsonObject, type JsonValue } from './json-value.ts';
import { mergePatch } from './merge-patch.ts';
import { strategicMerge } from './strategic-merge.ts';

/** The media type of server-side apply; what is sent is YAML, of which JSON is a part. */
export const APPLY_TYPE = 'application/apply-patch+yaml';

const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';

/** The object as it is after a patch of one of the three types that need nothing but the object. */
export function applyPatch(target: JsonObject, body: Buffer, given: { type: string; custom: boolean }): JsonObject {
  const patched = patch(target, parseJson(body) as JsonValue, given);
  if (!isObject(patched)) throw badRequest('the patch must leave an object');
  return patched;
}

function patch(target: JsonObject, change: JsonValue, { type, custom }: { type: string; custom: boolean }): JsonValue {
  if (type === JSON_PATCH) return jsonPatch(target, change);
  if (!isObject(change)) throw badRequest('a merge patch must be an object');
  if (type === MERGE_PATCH) return mergePatch(target, change);
  if (type === STRATEGIC && !custom) return strategicMerge(target, change);
  throw unsupportedMediaType([JSON_PATCH, MERGE_PATCH, ...(custom ? [] : [STRATEGIC]), APPLY_TYPE]);
}

/** The object of a body in YAML or JSON. */
export function parseYamlObject(body: Buffer): JsonObject {
  let value: unknown;
  try {
    value = parse(body.toString(), { maxAliasCount: 100 });
  } catch (error) {
    throw badRequest(`error decoding YAML: ${(error as Error).message}`);
  }
  if (!isObject(value)) throw badRequest('the applied configuration must be an object');
  return value;
}
