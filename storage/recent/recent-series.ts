import type { Labels } from '../labels.ts';
import type { SampleColumns, SampleWindow } from '../series.ts';
import type { Room, SampleRooms } from './sample-rooms.ts';

/** What a series is told when it gets a sample. */
export interface Keeping {
  readonly rooms: SampleRooms;
  /** Samples before this time are not wanted any more. */
  readonly horizon: number;
  /** Samples that a new series gets room for. */
  readonly capacity: number;
  /** Whether a sample yields to one that is there at the same millisecond, rather than replace it. */
  readonly yields: boolean;
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
  #room: Room | undefined;
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
    return this.#room?.page.capacity ?? 0;
  }

  /** The time of the newest sample; -Infinity without one. */
  get newest(): number {
    const room = this.#room;
    return this.#length === 0 ? Number.NEGATIVE_INFINITY : room!.page.timestamps[room!.start + this.#length - 1]!;
  }

  /** Adds the columns' sample `row` in its place. True when old samples were dropped for it. */
  put(columns: SampleColumns, row: number, keeping: Keeping): boolean {
    const timestamp = columns.timestamps[row]!;
    let dropped = false;
    let room = this.#room;
    if (room === undefined) this.#room = room = keeping.rooms.take(keeping.capacity);
    let end = room.start + this.#length;
    let at = end;
    if (this.#length > 0 && room.page.timestamps[end - 1]! >= timestamp) {
      at = this.#firstFrom(timestamp);
      if (room.page.timestamps[at] === timestamp) {
        if (!keeping.yields) {
          this.#stale -= room.page.stale[at]!;
          this.#write(at, columns, row);
        }
        return false;
      }
    }
    if (this.#length === room.page.capacity) {
      const offset = at - room.start;
      const before = this.#length;
      dropped = this.#makeRoom(keeping);
      room = this.#room!;
      end = room.start + this.#length;
      at = room.start + offset - (before - this.#length);
      // Later ones were dropped: so would it be.
      if (at < room.start) return true;
    }
    if (at < end) {
      const { timestamps, values, stale } = room.page;
      timestamps.copyWithin(at + 1, at, end);
      values.copyWithin(at + 1, at, end);
      stale.copyWithin(at + 1, at, end);
    }
    this.#write(at, columns, row);
    this.#length++;
    return dropped;
  }

  /** Fills in where the samples of the window's time are. */
  locate(window: SampleWindow): void {
    const room = this.#room;
    if (room === undefined || this.#length === 0) {
      window.from = 0;
      window.to = 0;
      window.anyStale = false;
      return;
    }
    const { timestamps, values, stale } = room.page;
    window.timestamps = timestamps;
    window.values = values;
    window.stale = stale;
    let to = room.start + this.#length;
    // Nearly always the newest are wanted.
    while (to > room.start && timestamps[to - 1]! > window.end) to--;
    let from = this.#firstFrom(window.start);
    if (from > to) from = to;
    window.from = from;
    window.to = to;
    window.anyStale = this.#stale > 0 && hasStale(stale, from, to);
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

  /** Drops all samples. */
  clear(rooms: SampleRooms): void {
    if (this.#room !== undefined) rooms.give(this.#room);
    this.#room = undefined;
    this.#length = 0;
    this.#stale = 0;
  }

  #write(at: number, columns: SampleColumns, row: number): void {
    const { page } = this.#room!;
    const stale = columns.stale[row]!;
    page.timestamps[at] = columns.timestamps[row]!;
    page.values[at] = stale === 0 ? columns.values[row]! : Number.NaN;
    page.stale[at] = stale;
    this.#stale += stale;
  }

  /** The row of the first sample at or after this time. */
  #firstFrom(time: number): number {
    const { page, start } = this.#room!;
    const { timestamps } = page;
    let low = start;
    let high = start + this.#length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (timestamps[middle]! < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Drops old samples, or moves to a larger room; true when samples were dropped. */
  #makeRoom({ rooms, horizon }: Keeping): boolean {
    const dropped = this.#dropBefore(horizon);
    const { page, start } = this.#room!;
    if (dropped >= page.capacity * FREED) return true;
    const larger = rooms.take(Math.ceil(page.capacity * GROWTH));
    const end = start + this.#length;
    larger.page.timestamps.set(page.timestamps.subarray(start, end), larger.start);
    larger.page.values.set(page.values.subarray(start, end), larger.start);
    larger.page.stale.set(page.stale.subarray(start, end), larger.start);
    rooms.give(this.#room!);
    this.#room = larger;
    return dropped > 0;
  }

  #dropBefore(horizon: number): number {
    const { page, start } = this.#room!;
    const { timestamps, values, stale } = page;
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

function hasStale(stale: Uint8Array, from: number, to: number): boolean {
  for (let row = from; row < to; row++) if (stale[row] === 1) return true;
  return false;
}
