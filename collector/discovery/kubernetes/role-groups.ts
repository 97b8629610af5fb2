import type { ObjectCache } from '../../kubernetes/object-cache.ts';
import type { KubeObject, ObjectTypes } from '../../kubernetes/objects.ts';
import type { TargetGroup } from '../../scrape/scrape-config.ts';
import { ownLabels } from '../../scrape/target.ts';
import { DependencyIndex } from './dependency-index.ts';
import type { RelatedObjects } from './related-objects.ts';
import type { AnyRole } from './roles.ts';

/** The caches besides the role's own; without one, nothing is found in it. */
export type RelatedCaches = {
  readonly [R in 'pods' | 'services' | 'nodes' | 'namespaces']?: ObjectCache<ObjectTypes[R]> | undefined;
};

/**
 * The groups of a role, one for each object that has targets. They are rendered again one by one: those whose object changed,
 * or an object that was looked up for them. A group that comes out as it was stays the same object, and the others keep their
 * places, so that few places differ from one list to the next: where one goes, the last one moves to.
 */
export class RoleGroups {
  readonly #role: AnyRole;
  readonly #cache: ObjectCache<KubeObject>;
  readonly #related: RecordedLookups;
  readonly #dependencies = new DependencyIndex();
  readonly #groups: TargetGroup[] = [];
  /** The keys of the groups, and their places. */
  readonly #keys: string[] = [];
  readonly #places = new Map<string, number>();
  readonly #outdated = new Set<string>();
  readonly #unsubscribe: (() => void)[] = [];

  /** `onOutdated` is called for the first change after a `refresh`. The caches must be synced. */
  constructor(options: {
    readonly role: AnyRole;
    readonly cache: ObjectCache<KubeObject>;
    readonly related: RelatedCaches;
    readonly onOutdated: () => void;
  }) {
    const { role, cache, related, onOutdated } = options;
    this.#role = role;
    this.#cache = cache;
    this.#related = new RecordedLookups(related);
    const notice = (keys: Iterable<string>): void => {
      const before = this.#outdated.size;
      for (const key of keys) this.#outdated.add(key);
      if (before === 0 && this.#outdated.size > 0) onOutdated();
    };
    for (const object of cache.values()) this.#outdated.add(keyOf(object));
    this.refresh();
    this.#unsubscribe.push(cache.subscribe(({ before, after }) => notice([keyOf((after ?? before)!)])));
    for (const [resource, other] of Object.entries(related)) {
      if (other === undefined) continue;
      const listen = ({ before, after }: { before: KubeObject | undefined; after: KubeObject | undefined }): void =>
        notice(this.#dependencies.groupsOf(`${resource}/${keyOf((after ?? before)!)}`));
      this.#unsubscribe.push((other as ObjectCache<KubeObject>).subscribe(listen));
    }
  }

  /** All groups; a new array each time. */
  groups(): readonly TargetGroup[] {
    return this.#groups.slice();
  }

  /** Renders what is outdated; true when any group is another one than before. */
  refresh(): boolean {
    let isOther = false;
    for (const key of this.#outdated) if (this.#render(key)) isOther = true;
    this.#outdated.clear();
    return isOther;
  }

  close(): void {
    for (const end of this.#unsubscribe.splice(0)) end();
  }

  #render(key: string): boolean {
    const slash = key.indexOf('/');
    const object = this.#cache.get(key.slice(0, slash), key.slice(slash + 1));
    const group = object && this.#role.group(object as ObjectTypes[AnyRole['resource']], this.#related);
    this.#dependencies.set(key, this.#related.take());
    const place = this.#places.get(key);
    if (group === undefined) {
      if (place === undefined) return false;
      this.#remove(key, place);
    } else if (place === undefined) {
      this.#places.set(key, this.#groups.push(compact(group)) - 1);
      this.#keys.push(key);
    } else {
      if (isSameGroup(this.#groups[place]!, group)) return false;
      this.#groups[place] = compact(group);
    }
    return true;
  }

  #remove(key: string, place: number): void {
    this.#places.delete(key);
    const lastKey = this.#keys.pop()!;
    const last = this.#groups.pop()!;
    if (lastKey === key) return;
    this.#keys[place] = lastKey;
    this.#groups[place] = last;
    this.#places.set(lastKey, place);
  }
}

/**
 * The same in less memory: an object that got many properties one by one is a hash table to V8, a copy of it is not. Of 34
 * labels it is 370 bytes in place of 1,660.
 */
function compact({ targets, labels, source }: TargetGroup): TargetGroup {
  return { targets: targets.map((target) => ({ ...ownLabels(target) })), labels: { ...labels }, source };
}

function isSameGroup(a: TargetGroup, b: TargetGroup): boolean {
  return (
    isSameSet(a.labels, b.labels) &&
    a.targets.length === b.targets.length &&
    a.targets.every((target, i) => isSameSet(ownLabels(target), ownLabels(b.targets[i]!)))
  );
}

function isSameSet(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  let more = 0;
  for (const name in a) {
    if (a[name] !== b[name]) return false;
    more++;
  }
  for (const _ in b) more--;
  return more === 0;
}

const NONE: ReadonlySet<string> = new Set();

/** Remembers what was looked up, found or not. */
class RecordedLookups implements RelatedObjects {
  readonly #caches: RelatedCaches;
  #looked: Set<string> | undefined;

  constructor(caches: RelatedCaches) {
    this.#caches = caches;
  }

  /** What was looked up since the last time. */
  take(): ReadonlySet<string> {
    const looked = this.#looked ?? NONE;
    this.#looked = undefined;
    return looked;
  }

  pod(namespace: string, name: string): ObjectTypes['pods'] | undefined {
    return this.#look('pods', namespace, name);
  }

  service(namespace: string, name: string): ObjectTypes['services'] | undefined {
    return this.#look('services', namespace, name);
  }

  node(name: string): ObjectTypes['nodes'] | undefined {
    return name === '' ? undefined : this.#look('nodes', '', name);
  }

  namespace(name: string): ObjectTypes['namespaces'] | undefined {
    return this.#look('namespaces', '', name);
  }

  #look<R extends keyof RelatedCaches>(resource: R, namespace: string, name: string): ObjectTypes[R] | undefined {
    const cache = this.#caches[resource];
    if (cache === undefined) return undefined;
    this.#looked ??= new Set();
    this.#looked.add(`${resource}/${namespace}/${name}`);
    return cache.get(namespace, name) as ObjectTypes[R] | undefined;
  }
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}
