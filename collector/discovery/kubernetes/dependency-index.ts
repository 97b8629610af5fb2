/** Which groups depend on which objects, both by their keys. */
export class DependencyIndex {
  readonly #objects = new Map<string, ReadonlySet<string>>();
  readonly #groups = new Map<string, Set<string>>();

  /** The groups that depend on an object. */
  groupsOf(object: string): Iterable<string> {
    return this.#groups.get(object) ?? [];
  }

  /** Makes these the objects that a group depends on. The set becomes the index'. */
  set(group: string, objects: ReadonlySet<string>): void {
    const before = this.#objects.get(group);
    if (objects.size === 0) this.#objects.delete(group);
    else this.#objects.set(group, objects);
    for (const object of before ?? []) if (!objects.has(object)) this.#leave(object, group);
    for (const object of objects) {
      if (before?.has(object) === true) continue;
      const groups = this.#groups.get(object);
      if (groups === undefined) this.#groups.set(object, new Set([group]));
      else groups.add(group);
    }
  }

  #leave(object: string, group: string): void {
    const groups = this.#groups.get(object)!;
    groups.delete(group);
    if (groups.size === 0) this.#groups.delete(object);
  }
}
