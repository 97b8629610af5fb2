/** Columns that many series share. A series has `capacity` rows of them, one behind the other. */
export interface SamplePage {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  readonly stale: Uint8Array;
  readonly capacity: number;
  /** First rows of the places that nobody has. */
  readonly free: number[];
  readonly places: number;
}

/** Where a series' samples are: `page`'s rows from `start` on. */
export interface Room {
  readonly page: SamplePage;
  readonly start: number;
}

/** Samples of a page, if a place is not larger than that: 70 KB. */
export const PAGE_SAMPLES = 4096;
/** A timestamp, a value and a flag. */
export const BYTES_PER_SAMPLE = 17;
/** Capacities are multiples of this. */
const STEP = 8;

/**
 * Memory for the samples of many series, in pages of places of one size. A series that needs more moves to a page of larger places;
 * a page without series is given back. So a series costs no typed arrays of its own, which would take more than its samples.
 */
export class SampleRooms {
  /** Pages with a free place, by the capacity of their places. */
  readonly #open = new Map<number, Set<SamplePage>>();
  #bytes = 0;

  /** Of all pages. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A place for at least so many samples; what is in it is anything. */
  take(samples: number): Room {
    const capacity = Math.ceil(samples / STEP) * STEP;
    const open = this.#openOf(capacity);
    const [page = this.#newPage(capacity)] = open;
    return this.#placeOf(page);
  }

  /** Takes places one behind the other, of new pages, what is left of which is for all. */
  inOrder(): (samples: number) => Room {
    const pages = new Map<number, SamplePage>();
    return (samples) => {
      const capacity = Math.ceil(samples / STEP) * STEP;
      let page = pages.get(capacity);
      if (page === undefined || page.free.length === 0) pages.set(capacity, (page = this.#newPage(capacity)));
      return this.#placeOf(page);
    };
  }

  #newPage(capacity: number): SamplePage {
    const page = newPage(capacity);
    this.#openOf(capacity).add(page);
    this.#bytes += bytesOf(page);
    return page;
  }

  /** Takes a free place. */
  #placeOf(page: SamplePage): Room {
    const start = page.free.pop()!;
    if (page.free.length === 0) this.#openOf(page.capacity).delete(page);
    return { page, start };
  }

  /** Gives a place back. */
  give({ page, start }: Room): void {
    const open = this.#openOf(page.capacity);
    page.free.push(start);
    open.add(page);
    if (page.free.length < page.places) return;
    open.delete(page);
    this.#bytes -= bytesOf(page);
  }

  #openOf(capacity: number): Set<SamplePage> {
    let open = this.#open.get(capacity);
    if (open === undefined) this.#open.set(capacity, (open = new Set()));
    return open;
  }
}

function newPage(capacity: number): SamplePage {
  const places = Math.max(1, Math.floor(PAGE_SAMPLES / capacity));
  const rows = places * capacity;
  return {
    timestamps: new Float64Array(rows),
    values: new Float64Array(rows),
    stale: new Uint8Array(rows),
    capacity,
    free: Array.from({ length: places }, (_, place) => (places - 1 - place) * capacity),
    places,
  };
}

function bytesOf({ places, capacity }: SamplePage): number {
  return places * capacity * BYTES_PER_SAMPLE;
}
