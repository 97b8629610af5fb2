import type { TargetGroup } from '../scrape/scrape-config.ts';

/**
 * The groups of one of a job's sources, under names that are unique among the job's: `prefix` goes before each. The same group
 * as before stays the same object under its new name, and costs nothing where it stands at the same place.
 */
export class NamedGroups {
  readonly #prefix: string;
  readonly #named = new WeakMap<TargetGroup, TargetGroup>();
  #given: readonly TargetGroup[] = [];
  #groups: readonly TargetGroup[] = [];
  #targetCount = 0;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  get groups(): readonly TargetGroup[] {
    return this.#groups;
  }

  /** How many targets they have together. */
  get targetCount(): number {
    return this.#targetCount;
  }

  /** Makes these the groups. The list must not be changed afterwards. */
  update(given: readonly TargetGroup[]): void {
    const before = this.#given;
    const groups = this.#groups.slice(0, given.length);
    for (let i = 0; i < Math.max(before.length, given.length); i++) {
      const group = given[i];
      if (group === before[i]) continue;
      this.#targetCount += (group?.targets.length ?? 0) - (before[i]?.targets.length ?? 0);
      if (group !== undefined) groups[i] = this.#name(group);
    }
    this.#given = given;
    this.#groups = groups;
  }

  #name(group: TargetGroup): TargetGroup {
    let named = this.#named.get(group);
    if (named === undefined) {
      named = { ...group, source: `${this.#prefix}${group.source}` };
      this.#named.set(group, named);
    }
    return named;
  }
}
