/**
 * Server-side apply: a manager says what it wants, the server merges it, remembers in `managedFields` which fields each manager
 * has applied, removes what a manager applied before and does not any more, and refuses what another manager has applied with
 * another value unless forced. Only appliers are remembered: what plain updates wrote belongs to nobody.
 */
import { isDeepStrictEqual } from 'node:util';
import { ApiError } from '../api-error.ts';
import {
  type FieldSet,
  fieldsOf,
  hasPath,
  leavesOf,
  pathsOnlyIn,
  valueAt,
  withoutLeaves,
  withoutPath,
} from './field-set.ts';
import { isObject, type JsonObject, type JsonValue } from './json-value.ts';
import { listMerge } from './merge-keys.ts';

export interface ApplyOptions {
  readonly manager: string;
  readonly force: boolean;
  /** Whether the object is of a custom resource, whose lists are replaced. */
  readonly custom: boolean;
  /** RFC 3339. */
  readonly time: string;
}

interface ManagedFields {
  readonly manager: string;
  readonly operation: string;
  readonly apiVersion: string;
  readonly time: string;
  readonly fieldsType: 'FieldsV1';
  readonly fieldsV1: FieldSet;
}

/** The object as it is after `applied`, an object in full form. `before` is undefined when there is none yet. */
export function serverSideApply(
  before: JsonObject | undefined,
  applied: JsonObject,
  options: ApplyOptions,
): JsonObject {
  const { manager, force, custom, time } = options;
  const wanted = stripped(applied);
  const fields = fieldsOf(wanted, custom);
  const leaves = leavesOf(fields);
  const managed = managedFields(before);
  const own = managed.find((entry) => entry.manager === manager && entry.operation === 'Apply');
  const others = managed.filter((entry) => entry !== own);

  const conflicts = others.flatMap((entry) =>
    leaves
      .filter((path) => hasPath(entry.fieldsV1, path))
      .filter((path) => !isDeepStrictEqual(valueAt(before, path), valueAt(wanted, path)))
      .map((path) => ({ entry, path })),
  );
  if (conflicts.length > 0 && !force) throw conflictOf(conflicts);

  let merged = mergeApplied(before ?? {}, wanted, custom) as JsonObject;
  const kept = [fields, ...others.map((entry) => entry.fieldsV1)];
  for (const path of pathsOnlyIn(own?.fieldsV1 ?? {}, kept)) {
    merged = (withoutPath(merged, path) ?? {}) as JsonObject;
  }

  const same = own !== undefined && isDeepStrictEqual(own.fieldsV1, fields);
  const entry = {
    manager,
    operation: 'Apply',
    apiVersion: String(applied.apiVersion),
    time: same ? own.time : time,
    fieldsType: 'FieldsV1' as const,
    fieldsV1: fields,
  };
  const remaining = others.map((other) => {
    const lost = conflicts.filter((conflict) => conflict.entry === other).map(({ path }) => path);
    return lost.length === 0 ? other : { ...other, fieldsV1: withoutLeaves(other.fieldsV1, lost) };
  });
  const metadata = { ...(merged.metadata as JsonObject), managedFields: [...remaining, entry] as unknown as JsonValue };
  return { ...merged, apiVersion: applied.apiVersion!, kind: applied.kind!, metadata };
}

function managedFields(object: JsonObject | undefined): readonly ManagedFields[] {
  const metadata = object?.metadata as { readonly managedFields?: readonly ManagedFields[] } | undefined;
  return metadata?.managedFields ?? [];
}

/** Without what names the object and what the server sets. */
function stripped({ apiVersion: _version, kind: _kind, metadata, status: _status, ...rest }: JsonObject): JsonObject {
  const { labels, annotations, finalizers, ownerReferences } = (metadata ?? {}) as JsonObject;
  const kept = Object.entries({ labels, annotations, finalizers, ownerReferences }).filter(([, v]) => v !== undefined);
  if (kept.length === 0) return rest;
  return { metadata: Object.fromEntries(kept) as JsonObject, ...rest };
}

function mergeApplied(old: JsonValue | undefined, value: JsonValue, custom: boolean, field = ''): JsonValue {
  if (isObject(value)) {
    const merged: Record<string, JsonValue> = isObject(old) ? { ...old } : {};
    for (const [name, inner] of Object.entries(value)) merged[name] = mergeApplied(merged[name], inner, custom, name);
    return merged;
  }
  if (!Array.isArray(value) || !Array.isArray(old)) return value;
  const items = value as readonly JsonValue[];
  const there = old as readonly JsonValue[];
  const how = listMerge(field, items, custom);
  if (how === 'replace') return value;
  if (how === 'set') return [...new Set([...there, ...items])];
  const merged = [...there];
  for (const item of items) {
    const key = (item as JsonObject)[how.by];
    const at = merged.findIndex((other) => isObject(other) && other[how.by] === key);
    if (at < 0) merged.push(item);
    else merged[at] = mergeApplied(merged[at], item, custom);
  }
  return merged;
}

function conflictOf(conflicts: readonly { entry: ManagedFields; path: readonly string[] }[]): ApiError {
  const shown = conflicts.map(({ entry, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with "${entry.manager}" using ${entry.apiVersion}`,
    field: path.map((step) => (step.startsWith('f:') ? `.${step.slice(2)}` : `[${step.slice(2)}]`)).join(''),
  }));
  const list = shown.map(({ message, field }) => `${message}: ${field}`).join('\n');
  const message = `Apply failed with ${shown.length} conflict${shown.length === 1 ? '' : 's'}: ${list}`;
  return new ApiError(409, 'Conflict', message, { causes: shown });
}
