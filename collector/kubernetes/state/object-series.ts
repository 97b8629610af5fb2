import type { Appender } from '../../../storage/appender.ts';
import type { Labels } from '../../../storage/labels.ts';
import { EmittedSeries, type Slot } from '../../emission/emitted-series.ts';
import type { KubeObject } from '../objects.ts';
import { Draft } from './draft.ts';
import type { SelectedResource } from './family-selection.ts';
import { SeriesTemplate } from './series-template.ts';

const NONE = 0xffff_ffff;
const FIRST_ROOM = 1024;

interface Held {
  /** What its series were computed from. */
  object: KubeObject;
  /** Its first slot; the next ones follow in a list. */
  head: Slot;
}

/**
 * The series of all objects of one resource, as slots of an EmittedSeries.
 *
 * A cluster has tens of series for each of tens of thousands of pods, so of a series nothing is kept but its slot and, in a
 * column, the slot of the object's next one (17 bytes in all). When an object changes, the series of what it was are computed
 * once more beside those of what it is: mostly just values differ, and no label set is made at all.
 */
export class ObjectSeries {
  readonly series: EmittedSeries;
  readonly #selected: SelectedResource;
  readonly #templates: readonly SeriesTemplate[];
  readonly #held = new Map<string, Held>();
  readonly #before = new Draft();
  readonly #after = new Draft();
  /** By slot: the next slot of the same object. */
  #next = new Uint32Array(FIRST_ROOM);

  /** `base` are labels that all series have. */
  constructor(appender: Appender, selected: SelectedResource, base: Labels) {
    this.series = new EmittedSeries(appender);
    this.#selected = selected;
    this.#templates = selected.families.map(({ name }) => new SeriesTemplate(name, base, selected.identity));
  }

  /** Objects that have series here. */
  get objects(): number {
    return this.#held.size;
  }

  /** Bytes of all columns. */
  get byteLength(): number {
    return this.series.byteLength + this.#next.byteLength;
  }

  /** Keys of the objects that have series here. */
  keys(): Iterable<string> {
    return this.#held.keys();
  }

  has(key: string): boolean {
    return this.#held.has(key);
  }

  /**
   * The object under this key is now this one, or gone. Answers with the slots that were closed. Throws when a family does,
   * and then the object has no series until it changes.
   */
  update(key: string, object: KubeObject | undefined): readonly Slot[] {
    const held = this.#held.get(key);
    if (held?.object === object) return [];
    let failure: { readonly error: unknown } | undefined;
    this.#after.length = 0;
    if (object !== undefined) {
      try {
        this.#after.fill(this.#selected, object);
      } catch (error) {
        failure = { error };
      }
    }
    const closed = held === undefined ? this.#openAll(key, object!) : this.#change(key, held, object);
    if (failure !== undefined) throw failure.error;
    return closed;
  }

  #openAll(key: string, object: KubeObject): readonly Slot[] {
    const slots: Slot[] = [];
    for (let i = 0; i < this.#after.length; i++) slots.push(this.#open(i));
    this.#held.set(key, { object, head: this.#link(slots) });
    return [];
  }

  #change(key: string, held: Held, object: KubeObject | undefined): readonly Slot[] {
    if (object === undefined) {
      this.#held.delete(key);
      const slots = this.#slotsOf(held);
      for (const slot of slots) this.series.close(slot);
      if (this.#held.size === 0) this.#next = new Uint32Array(FIRST_ROOM);
      return slots;
    }
    const before = this.#before;
    const after = this.#after;
    try {
      before.fill(this.#selected, held.object);
    } catch {
      // It was told when the object came: it has no series.
    }
    held.object = object;
    if (before.hasSameSeries(after)) {
      let slot = held.head;
      for (let i = 0; i < after.length; i++) {
        this.series.set(slot, after.values[i]!);
        slot = this.#next[slot]!;
      }
      return [];
    }
    const old = this.#slotsOf(held);
    const reusable = new Map<string, Slot>();
    const isSameObject = before.identity.every((value, i) => value === after.identity[i]);
    if (isSameObject) for (let i = 0; i < before.length; i++) reusable.set(before.keyOf(i), old[i]!);
    const kept: (Slot | undefined)[] = [];
    for (let i = 0; i < after.length; i++) kept.push(reusable.get(after.keyOf(i)));
    const isKept = new Set(kept);
    const closed = old.filter((slot) => !isKept.has(slot));
    // Before any is opened: one that comes to have the same labels takes the place of what it was.
    for (const slot of closed) this.series.close(slot);
    const slots = kept.map((slot, i) => {
      if (slot === undefined) return this.#open(i);
      this.series.set(slot, after.values[i]!);
      return slot;
    });
    held.head = this.#link(slots);
    return closed;
  }

  /** A new slot for a series of the draft. */
  #open(index: number): Slot {
    const after = this.#after;
    const template = this.#templates[after.families[index]!]!;
    const slot = this.series.open(template.labels(after.identity, after.labels[index]!));
    this.series.set(slot, after.values[index]!);
    return slot;
  }

  #slotsOf({ head }: Held): Slot[] {
    const slots: Slot[] = [];
    for (let slot = head; slot !== NONE; slot = this.#next[slot]!) slots.push(slot);
    return slots;
  }

  /** Makes a list of them; its head. */
  #link(slots: readonly Slot[]): Slot {
    let next = NONE;
    for (let i = slots.length - 1; i >= 0; i--) {
      const slot = slots[i]!;
      if (slot >= this.#next.length) this.#grow(slot);
      this.#next[slot] = next;
      next = slot;
    }
    return next;
  }

  #grow(slot: Slot): void {
    const next = new Uint32Array(Math.ceil((slot + 1) * 1.5));
    next.set(this.#next);
    this.#next = next;
  }
}
