import type { Labels } from '../../storage/labels.ts';
import type { TargetGroup } from './scrape-config.ts';
import { type BuildContext, type BuiltGroup, buildGroup, discoveredLabels, type Target } from './target.ts';

/** What another list of groups changed. No key is in two of the lists. */
export interface TargetChanges {
  /** Keys of targets that are gone. */
  readonly removed: readonly string[];
  /** Targets that were there and may have other discovered labels or intervals now. */
  readonly changed: readonly Target[];
  readonly added: readonly Target[];
}

interface KnownGroup extends BuiltGroup {
  /** How often the list has it. */
  uses: number;
}

/**
 * The targets of a job's groups. A list of groups costs what is new in it: a group that was in the list before, the same
 * object, is not built again, and when it stands at the same place not even looked at. When several targets have one key,
 * the one that came first counts until it is gone.
 */
export class TargetSet {
  #context: BuildContext;
  #list: readonly TargetGroup[] = [];
  readonly #groups = new Map<TargetGroup, KnownGroup>();
  readonly #targets = new Map<string, Target>();
  /** Targets whose key another one has, in the order in which they came. */
  readonly #rivals = new Map<string, Target[]>();
  #droppedCount = 0;
  #failureCount = 0;
  #isOutdated = false;

  constructor(context: BuildContext) {
    this.#context = context;
  }

  /** How many there are. */
  get size(): number {
    return this.#targets.size;
  }

  /** How many relabelling dropped. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** How many cannot be scraped. */
  get failureCount(): number {
    return this.#failureCount;
  }

  /** Has every group built anew at the next update. */
  reconfigure(context: BuildContext): void {
    this.#context = context;
    this.#isOutdated = true;
  }

  /** Makes these the groups. The list must not be changed afterwards. */
  update(groups: readonly TargetGroup[]): TargetChanges {
    const changes = new Changes();
    if (this.#isOutdated) {
      for (const [group, known] of this.#groups) this.#drop(group, known, changes);
      this.#list = [];
      this.#isOutdated = false;
    }
    const before = this.#list;
    this.#list = groups;
    const left: TargetGroup[] = [];
    const came: TargetGroup[] = [];
    const length = Math.max(before.length, groups.length);
    for (let i = 0; i < length; i++) {
      if (before[i] === groups[i]) continue;
      if (i < before.length) left.push(before[i]!);
      if (i < groups.length) came.push(groups[i]!);
    }
    for (const group of left) this.#groups.get(group)!.uses--;
    const fresh: KnownGroup[] = [];
    for (const group of came) {
      let known = this.#groups.get(group);
      if (known === undefined) {
        known = { ...buildGroup(group, this.#context), uses: 0 };
        this.#groups.set(group, known);
        fresh.push(known);
      }
      known.uses++;
    }
    for (const group of left) {
      const known = this.#groups.get(group);
      if (known?.uses === 0) this.#drop(group, known, changes);
    }
    for (const { targets, dropped, failures } of fresh) {
      this.#droppedCount += dropped.length;
      this.#failureCount += failures.length;
      for (const target of targets) this.#add(target, changes);
    }
    const current = (keys: ReadonlySet<string>): Target[] => Array.from(keys, (key) => this.#targets.get(key)!);
    return { removed: [...changes.removed], changed: current(changes.changed), added: current(changes.added) };
  }

  /** Why targets cannot be scraped, in the order in which the groups came. */
  *failures(): Generator<string> {
    if (this.#failureCount > 0) for (const { failures } of this.#groups.values()) yield* failures;
  }

  /** The labels before relabelling of those that were dropped, computed one by one. */
  *dropped(): Generator<Labels> {
    for (const [group, { dropped }] of this.#groups) {
      for (const target of dropped) yield discoveredLabels(target, group, this.#context.config);
    }
  }

  #drop(group: TargetGroup, { targets, dropped, failures }: KnownGroup, changes: Changes): void {
    this.#groups.delete(group);
    this.#droppedCount -= dropped.length;
    this.#failureCount -= failures.length;
    for (const target of targets) this.#remove(target, changes);
  }

  #remove(target: Target, { removed, changed }: Changes): void {
    const { key } = target;
    const rivals = this.#rivals.get(key);
    if (this.#targets.get(key) !== target) {
      rivals!.splice(rivals!.indexOf(target), 1);
    } else if (rivals === undefined) {
      this.#targets.delete(key);
      changed.delete(key);
      removed.add(key);
    } else {
      this.#targets.set(key, rivals.shift()!);
      changed.add(key);
    }
    if (rivals?.length === 0) this.#rivals.delete(key);
  }

  #add(target: Target, { removed, changed, added }: Changes): void {
    const { key } = target;
    if (this.#targets.has(key)) {
      const rivals = this.#rivals.get(key);
      if (rivals === undefined) this.#rivals.set(key, [target]);
      else rivals.push(target);
      return;
    }
    this.#targets.set(key, target);
    (removed.delete(key) ? changed : added).add(key);
  }
}

/** All targets that leave do so before any that comes. */
class Changes {
  readonly removed = new Set<string>();
  readonly changed = new Set<string>();
  readonly added = new Set<string>();
}
