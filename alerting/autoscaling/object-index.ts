import { isSelected, type LabelSelector } from './label-selector.ts';

/** An object as the API has it, as far as one must know it to find it. */
export interface IndexedObject {
  readonly metadata: {
    readonly name: string;
    /** '' for what has none. */
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

/** Names that have a label of one value: mostly many have it, or a single one. */
type Names = string | Set<string>;

const NO_LABELS: Readonly<Record<string, string>> = {};

/**
 * The objects of one resource by namespace and by label, so that a selector with an equality looks only at the objects that have the
 * label. Objects are held as they are given.
 *
 *     app=web,tier!=db   the names under app -> web (the fewest of all equalities), of these what satisfies the rest
 */
export class ObjectIndex<T extends IndexedObject> {
  readonly #namespaces = new Map<string, NamespaceIndex<T>>();
  #sorted: readonly NamespaceIndex<T>[] | undefined;

  /** An object is new, or has changed. */
  put(object: T): void {
    const { namespace } = object.metadata;
    let index = this.#namespaces.get(namespace);
    if (index === undefined) {
      index = new NamespaceIndex(namespace);
      this.#namespaces.set(namespace, index);
      this.#sorted = undefined;
    }
    index.put(object);
  }

  /** Nothing happens when it is not there. */
  remove({ metadata: { namespace, name } }: IndexedObject): void {
    const index = this.#namespaces.get(namespace);
    if (index === undefined) return;
    index.remove(name);
    if (index.size > 0) return;
    this.#namespaces.delete(namespace);
    this.#sorted = undefined;
  }

  get(namespace: string, name: string): T | undefined {
    return this.#namespaces.get(namespace)?.get(name);
  }

  /** In order of namespace and name. `namespace` '' means all. */
  select(namespace: string, selector: LabelSelector): T[] {
    const found: T[] = [];
    if (namespace !== '') this.#namespaces.get(namespace)?.select(selector, found);
    else for (const index of this.#inOrder()) index.select(selector, found);
    return found;
  }

  #inOrder(): readonly NamespaceIndex<T>[] {
    this.#sorted ??= [...this.#namespaces.values()].sort((a, b) => (a.namespace < b.namespace ? -1 : 1));
    return this.#sorted;
  }
}

class NamespaceIndex<T extends IndexedObject> {
  readonly namespace: string;
  readonly #objects = new Map<string, T>();
  /** Names by a label's name and value. */
  readonly #byLabel = new Map<string, Map<string, Names>>();
  #sorted: readonly string[] | undefined;

  constructor(namespace: string) {
    this.namespace = namespace;
  }

  get size(): number {
    return this.#objects.size;
  }

  get(name: string): T | undefined {
    return this.#objects.get(name);
  }

  put(object: T): void {
    const { name, labels = NO_LABELS } = object.metadata;
    const before = this.#objects.get(name);
    this.#objects.set(name, object);
    if (before === undefined) this.#sorted = undefined;
    const labelsBefore = before?.metadata.labels ?? NO_LABELS;
    if (labelsBefore === labels) return;
    for (const [key, value] of Object.entries(labelsBefore)) {
      if (labels[key] !== value) this.#forget({ key, value, name });
    }
    for (const [key, value] of Object.entries(labels)) {
      if (before === undefined || labelsBefore[key] !== value) this.#add({ key, value, name });
    }
  }

  remove(name: string): void {
    const before = this.#objects.get(name);
    if (before === undefined) return;
    this.#objects.delete(name);
    this.#sorted = undefined;
    for (const [key, value] of Object.entries(before.metadata.labels ?? NO_LABELS)) this.#forget({ key, value, name });
  }

  select(selector: LabelSelector, into: T[]): void {
    const few = this.#fewest(selector);
    for (const name of few ?? this.#inOrder()) {
      const object = this.#objects.get(name)!;
      const { labels = NO_LABELS } = object.metadata;
      // A label may be named like something that every object has.
      if (isSelected(selector, (key) => (Object.hasOwn(labels, key) ? labels[key] : undefined))) into.push(object);
    }
  }

  /** In order, the names among which all are that satisfy the selector; undefined when it says nothing of that. */
  #fewest(selector: LabelSelector): readonly string[] | undefined {
    let best: readonly Names[] | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const { key, operator, values } of selector) {
      if (operator !== 'In') continue;
      const byValue = this.#byLabel.get(key);
      const having = values.flatMap((value) => byValue?.get(value) ?? []);
      const count = having.reduce((sum, names) => sum + (typeof names === 'string' ? 1 : names.size), 0);
      if (count >= least) continue;
      best = having;
      least = count;
    }
    return best?.flatMap((names) => (typeof names === 'string' ? names : [...names])).sort();
  }

  #inOrder(): readonly string[] {
    this.#sorted ??= [...this.#objects.keys()].sort();
    return this.#sorted;
  }

  #add({ key, value, name }: { readonly key: string; readonly value: string; readonly name: string }): void {
    let byValue = this.#byLabel.get(key);
    if (byValue === undefined) this.#byLabel.set(key, (byValue = new Map()));
    const names = byValue.get(value);
    if (names === undefined) byValue.set(value, name);
    else if (typeof names === 'string') byValue.set(value, new Set([names, name]));
    else names.add(name);
  }

  #forget({ key, value, name }: { readonly key: string; readonly value: string; readonly name: string }): void {
    const byValue = this.#byLabel.get(key)!;
    const names = byValue.get(value)!;
    if (typeof names !== 'string') {
      names.delete(name);
      if (names.size > 0) return;
    }
    byValue.delete(value);
    if (byValue.size === 0) this.#byLabel.delete(key);
  }
}
