import type { Labels } from '../labels.ts';
import type { SampleColumns, SampleWindow } from '../series.ts';
import type { Room, SamplePage, SampleRooms } from './sample-rooms.ts';

/** What a series is told when it gets a sample. */
export interface Keeping {
  readonly rooms: SampleRooms;
  /** Samples before this time are not wanted any more. */
  readonly horizon: number;
  /** Samples that a new series gets room for. */
  readonly capacity: number;
  /** Whether a sample yields to one that is there at the same millisecond, rather than replace it. */
  readonly yields: boolean;
  /** How many series have got a room since somebody looked. */
  moves: number;
}

/** Of its room, a series frees at least this part when it drops old samples; otherwise it gets a larger one. */
const FREED = 1 / 8;
const GROWTH = 1.5;

/**
 * The recent samples of one series, in order of time and one per millisecond, behind each other: an append goes to the end, and
 * when the room is full, old samples are dropped and the others move to its front.
 */
export class RecentSeries {
  readonly labels: Labels;
  /** How many refs of the appender lead here: one or none. */
  isHeld = false;
  /** It is in no selection any more. */
  isRemoved = false;
  /** Its room: rows of the page from `#start` on. */
  #page: SamplePage | undefined;
  #start = 0;
  #length = 0;
  #stale = 0;

  constructor(labels: Labels) {
    this.labels = labels;
  }

  get length(): number {
    return this.#length;
  }

  /** Samples that it has room for. */
  get capacity(): number {
    return this.#page?.capacity ?? 0;
  }

  /** The time of the newest sample; -Infinity without one. */
  get newest(): number {
    const { length } = this;
    return length === 0 ? Number.NEGATIVE_INFINITY : this.#page!.timestamps[this.#start + length - 1]!;
  }

  /** Whether the newest sample is a stale marker. */
  get hasEnded(): boolean {
    return this.#length > 0 && this.#page!.stale[this.#start + this.#length - 1] === 1;
  }

  /** Adds the columns' sample `row` in its place. True when old samples were dropped for it. */
  put(columns: SampleColumns, row: number, keeping: Keeping): boolean {
    const timestamp = columns.timestamps[row]!;
    let dropped = false;
    if (this.#page === undefined) {
      this.#move(keeping.rooms.take(keeping.capacity));
      keeping.moves++;
    }
    let at = this.#start + this.#length;
    if (this.#length > 0 && this.#page!.timestamps[at - 1]! >= timestamp) {
      at = this.#firstFrom(timestamp);
      if (this.#page!.timestamps[at] === timestamp) {
        if (!keeping.yields) {
          this.#stale -= this.#page!.stale[at]!;
          this.#write(at, columns, row);
        }
        return false;
      }
    }
    if (this.#length === this.#page!.capacity) {
      const offset = at - this.#start;
      const before = this.#length;
      dropped = this.#makeRoom(keeping);
      at = this.#start + offset - (before - this.#length);
      // Later ones were dropped: so would it be.
      if (at < this.#start) return true;
    }
    const end = this.#start + this.#length;
    if (at < end) {
      const { timestamps, values, stale } = this.#page!;
      timestamps.copyWithin(at + 1, at, end);
      values.copyWithin(at + 1, at, end);
      stale.copyWithin(at + 1, at, end);
    }
    this.#write(at, columns, row);
    this.#length++;
    return dropped;
  }

  /**
   * Fills in where the samples of the window's time are. A window that was filled in for another series is done fastest: nearly
   * always this one has as many samples in it.
   */
  locate(window: SampleWindow): void {
    const page = this.#page;
    const length = this.#length;
    if (page === undefined || length === 0) {
      window.from = 0;
      window.to = 0;
      window.anyStale = false;
      return;
    }
    const { timestamps } = page;
    const { start, end } = window;
    const first = this.#start;
    let to = first + length;
    // Nearly always the newest are wanted.
    while (to > first && timestamps[to - 1]! > end) to--;
    let from = to;
    if (to > first && timestamps[to - 1]! >= start) {
      if (window.newestOnly) from = to - 1;
      else {
        from = to - (window.to - window.from);
        if (
          from < first ||
          from === to ||
          timestamps[from]! < start ||
          (from > first && timestamps[from - 1]! >= start)
        ) {
          from = oldestFrom(timestamps, start, { first, to });
        }
      }
    }
    window.timestamps = timestamps;
    window.values = page.values;
    window.stale = page.stale;
    window.from = from;
    window.to = to;
    window.anyStale = this.#stale > 0 && hasStale(page.stale, from, to);
  }

  /** Drops the samples before this time; true when there were some. */
  forget(horizon: number, rooms: SampleRooms): boolean {
    if (this.#length === 0) return false;
    if (this.newest < horizon) {
      this.clear(rooms);
      return true;
    }
    return this.#dropBefore(horizon) > 0;
  }

  /** Moves to a room of the same size that `take` gives. */
  moveTo(take: (samples: number) => Room, rooms: SampleRooms): void {
    if (this.#page !== undefined) this.#moveInto(take(this.#page.capacity), rooms);
  }

  /** Drops all samples. */
  clear(rooms: SampleRooms): void {
    if (this.#page !== undefined) rooms.give({ page: this.#page, start: this.#start });
    this.#page = undefined;
    this.#length = 0;
    this.#stale = 0;
  }

  #move({ page, start }: Room): void {
    this.#page = page;
    this.#start = start;
  }

  #write(at: number, columns: SampleColumns, row: number): void {
    const page = this.#page!;
    const stale = columns.stale[row]!;
    page.timestamps[at] = columns.timestamps[row]!;
    page.values[at] = stale === 0 ? columns.values[row]! : Number.NaN;
    page.stale[at] = stale;
    this.#stale += stale;
  }

  /** The row of the first sample at or after this time. */
  #firstFrom(time: number): number {
    const { timestamps } = this.#page!;
    let low = this.#start;
    let high = this.#start + this.#length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (timestamps[middle]! < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Drops old samples, or moves to a larger room; true when samples were dropped. */
  #makeRoom(keeping: Keeping): boolean {
    const { rooms, horizon } = keeping;
    const dropped = this.#dropBefore(horizon);
    const { capacity } = this.#page!;
    if (dropped >= capacity * FREED) return true;
    this.#moveInto(rooms.take(Math.ceil(capacity * GROWTH)), rooms);
    keeping.moves++;
    return dropped > 0;
  }

  /** Moves with its samples, and gives its room back. */
  #moveInto(room: Room, rooms: SampleRooms): void {
    const page = this.#page!;
    const start = this.#start;
    const end = start + this.#length;
    room.page.timestamps.set(page.timestamps.subarray(start, end), room.start);
    room.page.values.set(page.values.subarray(start, end), room.start);
    room.page.stale.set(page.stale.subarray(start, end), room.start);
    rooms.give({ page, start });
    this.#move(room);
  }

  #dropBefore(horizon: number): number {
    const { timestamps, values, stale } = this.#page!;
    const start = this.#start;
    const first = this.#firstFrom(horizon);
    const dropped = first - start;
    if (dropped === 0) return 0;
    if (this.#stale > 0) for (let row = start; row < first; row++) this.#stale -= stale[row]!;
    const end = start + this.#length;
    timestamps.copyWithin(start, first, end);
    values.copyWithin(start, first, end);
    stale.copyWithin(start, first, end);
    this.#length -= dropped;
    return dropped;
  }
}

/** The row of the first sample at or after `start`, of those in first..to, of which the last is. */
function oldestFrom(
  timestamps: Float64Array,
  start: number,
  { first, to }: { readonly first: number; readonly to: number },
): number {
  const oldest = timestamps[first]!;
  if (start <= oldest) return first;
  // As if they came regularly, which is where it nearly always is.
  const distance = (timestamps[to - 1]! - oldest) / (to - first - 1);
  let from = first + Math.min(to - first - 1, Math.ceil((start - oldest) / distance));
  while (from > first && timestamps[from - 1]! >= start) from--;
  while (timestamps[from]! < start) from++;
  return from;
}

function hasStale(stale: Uint8Array, from: number, to: number): boolean {
  for (let row = from; row < to; row++) if (stale[row] === 1) return true;
  return false;
}
