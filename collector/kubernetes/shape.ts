// A pod comes as some 7 KB of JSON, of which 2.4 are managedFields. Kept are 1.7 KB of heap (30,000 pods of 750 ReplicaSets,
// 1.25 containers each; 0.2 more in the map): 4.3 KB with strings shared only, 2.7 with equal parts held once, the rest by lists
// without spare room and volumes that are claims only. Of it 550 bytes are five conditions, 480 the state of containers.
import { InternTable } from './intern-table.ts';
import type { RawObject } from './kube-client.ts';
import type { KubeObject } from './objects.ts';

/**
 * Which fields of an object are kept, written as the object itself with a word at each leaf. It must name every field that
 * the type declares and no other, which TypeScript checks: so what is declared is kept.
 *
 *   'own'          a string that is this object's own (a uid, an address), a number or a boolean
 *   'time'         a time, which is often the same for several things that happen to an object
 *   'shared'       a string that many objects have (a node's name, an image, a reason): held once
 *   'map'          names with values that many objects have, such as labels
 *   'annotations'  the same without what is too long to be of use: see MAX_ANNOTATION
 *   'all'          whatever is there, unchanged; for what the type says `unknown`
 *   [shape]        a list
 *   alike(shape)   an object or list that is often the same as a whole, such as the containers of a ReplicaSet's pods
 *   having(field, [shape])   of a list only the objects that have the field
 */
export type Shape<T> = unknown extends T
  ? 'all'
  : [T] extends [string | number | boolean]
    ? 'own' | 'shared' | 'time'
    : T extends readonly (infer E)[]
      ? readonly [Shape<E>]
      : string extends keyof T
        ? 'map' | 'annotations' | 'all'
        : { readonly [K in keyof T]-?: Shape<Exclude<T[K], undefined>> };

/** The shape without the metadata, which is the same for all. */
export type ObjectShape<T extends KubeObject> = Shape<Omit<T, 'metadata'>>;

/** Characters of an annotation's value; longer ones are left out, and so is kubectl's copy of the whole object. */
export const MAX_ANNOTATION = 1_024;

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** All strings that objects share, of all clusters. */
const SHARED = new InternTable<string>(50_000);
/** Times to the second: what happens at once comes one after the other. */
const TIMES = new InternTable<string>(2_000);
/** Parts of objects, by their JSON. */
const PARTS = new InternTable<unknown>(20_000);

const ALIKE = new WeakSet<object>();

/** Marks a part of a shape: what is equal there is held once. */
export function alike<S extends object>(shape: S): S {
  ALIKE.add(shape);
  return shape;
}

const HAVING = new WeakMap<object, string>();

/** Marks a list of which only some objects are kept. */
export function having<S extends readonly [object]>(field: keyof S[0] & string, shape: S): S {
  HAVING.set(shape, field);
  return shape;
}

type Slim = (raw: unknown) => unknown;

/**
 * A function that copies just the fields of the shape. What has another type than the shape says, and null, counts as not
 * there. `metadata` is complete, with '' for what is missing, and so are objects right below the object, such as `spec` and
 * `status`: empty ones when the API left them out.
 */
export function compileShape<T extends KubeObject>(shape: ObjectShape<T>): (raw: RawObject) => T {
  const fields = Object.entries(shape as Readonly<Record<string, unknown>>).map(
    ([name, inner]) => [name, compile(inner), isObject(inner)] as const,
  );
  return (raw) => {
    const object: Record<string, unknown> = { metadata: slimMetadata(raw.metadata) };
    for (const [name, slim, isAlwaysThere] of fields) {
      const value = slim(raw[name]);
      if (value !== undefined) object[name] = value;
      else if (isAlwaysThere) object[name] = {};
    }
    return object as unknown as T;
  };
}

const optionalMetadata = compile({
  deletionTimestamp: 'time',
  generation: 'own',
  labels: 'map',
  annotations: 'annotations',
  ownerReferences: alike([
    { apiVersion: 'shared', kind: 'shared', name: 'shared', uid: 'shared', controller: 'own' },
  ] as const),
} satisfies Shape<
  Omit<KubeObject['metadata'], 'name' | 'namespace' | 'uid' | 'resourceVersion' | 'creationTimestamp'>
>);

function slimMetadata(raw: unknown): KubeObject['metadata'] {
  const metadata = (isObject(raw) ? raw : {}) as Readonly<Record<string, unknown>>;
  return {
    name: textOf(metadata.name),
    namespace: SHARED.intern(textOf(metadata.namespace)),
    uid: textOf(metadata.uid),
    resourceVersion: textOf(metadata.resourceVersion),
    creationTimestamp: TIMES.intern(textOf(metadata.creationTimestamp)),
    ...(optionalMetadata(metadata) as object),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function compile(shape: unknown): Slim {
  const slim = compileWhole(shape);
  const isAlike =
    shape === 'map' || shape === 'annotations' || (typeof shape === 'object' && ALIKE.has(shape as object));
  if (!isAlike) return slim;
  return (raw) => {
    const part = slim(raw);
    return part === undefined ? undefined : PARTS.intern(part, JSON.stringify(part));
  };
}

function compileWhole(shape: unknown): Slim {
  if (Array.isArray(shape)) return slimList(compile(shape[0]), HAVING.get(shape));
  if (isObject(shape)) return slimObject(Object.entries(shape).map(([name, inner]) => [name, compile(inner)] as const));
  switch (shape as 'own' | 'time' | 'shared' | 'map' | 'annotations' | 'all') {
    case 'own':
      return (raw) => (typeof raw === 'object' ? undefined : raw);
    case 'time':
      return (raw) => (typeof raw === 'string' ? TIMES.intern(raw) : undefined);
    case 'shared':
      return (raw) => (typeof raw === 'string' ? SHARED.intern(raw) : typeof raw === 'object' ? undefined : raw);
    case 'map':
      return (raw) => slimMap(raw, Number.POSITIVE_INFINITY);
    case 'annotations':
      return (raw) => slimMap(raw, MAX_ANNOTATION);
    case 'all':
      return (raw) => raw ?? undefined;
  }
}

function slimList(slim: Slim, needed: string | undefined): Slim {
  return (raw) => {
    if (!Array.isArray(raw)) return undefined;
    const kept = needed === undefined ? raw : raw.filter((item) => isObject(item) && isObject(item[needed]));
    // `map` takes as much memory as there are elements; a list that is pushed to begins with room for 17.
    const list = kept.map(slim);
    if (list.includes(undefined)) return list.filter((item) => item !== undefined);
    return list.length === 0 ? EMPTY : list;
  };
}

const EMPTY: readonly unknown[] = Object.freeze([]);

function slimObject(fields: readonly (readonly [string, Slim])[]): Slim {
  return (raw) => {
    if (!isObject(raw)) return undefined;
    const object: Record<string, unknown> = {};
    for (const [name, slim] of fields) {
      const value = slim(raw[name]);
      if (value !== undefined) object[name] = value;
    }
    return object;
  };
}

function slimMap(raw: unknown, longest: number): unknown {
  if (!isObject(raw)) return undefined;
  const map: Record<string, unknown> = {};
  for (const name in raw) {
    const value = raw[name];
    if (typeof value === 'string') {
      if (value.length <= longest && name !== LAST_APPLIED) map[name] = SHARED.intern(value);
    } else if (typeof value === 'number' || typeof value === 'boolean') {
      map[name] = value;
    }
  }
  return map;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
