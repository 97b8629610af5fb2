import type { Appender } from './appender.ts';
import type { StorageError } from './errors.ts';
import type { Labels } from './labels.ts';
import type { Metadata, SampleBatch, SeriesRef } from './series.ts';

/** Another appender that gets everything as well. */
export interface Copy {
  readonly appender: Appender;
  /** Called when it took nothing of an append; the samples are missing there. Must not throw. */
  readonly onRefused: (error: StorageError, samples: number) => void;
}

/**
 * Gives everything to one appender that counts, and copies to others. An append resolves when it is durable in all of them;
 * what a copy refuses is told by `onRefused` and does not fail the append: a receiver that has been away for too long must not
 * stop the storage here. When the one that counts refuses, the copies may have it all the same; a sender that repeats it does
 * no harm there.
 */
export class TeeAppender implements Appender {
  readonly #main: Appender;
  readonly #copies: readonly Copy[];
  /** By the ref of the main appender, which is the tee's: the ref of each copy. */
  readonly #refs: Uint32Array[];
  /** There when the main appender has it. */
  readonly labelsOf?: (ref: SeriesRef) => Labels;
  #holders = new Uint32Array(INITIAL_CAPACITY);

  constructor(main: Appender, copies: readonly Copy[]) {
    this.#main = main;
    this.#copies = copies;
    this.#refs = copies.map(() => new Uint32Array(INITIAL_CAPACITY).fill(NO_REF));
    if (main.labelsOf !== undefined) this.labelsOf = (ref) => main.labelsOf!(ref);
  }

  acquire(labels: Labels): SeriesRef {
    const ref = this.#main.acquire(labels);
    if (ref >= this.#holders.length) this.#grow(ref);
    this.#holders[ref]!++;
    for (const [i, { appender }] of this.#copies.entries()) this.#refs[i]![ref] = appender.acquire(labels);
    return ref;
  }

  release(refs: Iterable<SeriesRef>): void {
    for (const ref of refs) {
      this.#main.release([ref]);
      const isLast = --this.#holders[ref]! === 0;
      for (const [i, { appender }] of this.#copies.entries()) {
        const ofCopy = this.#refs[i]!;
        appender.release([ofCopy[ref]!]);
        // The copy may give this number to another series.
        if (isLast) ofCopy[ref] = NO_REF;
      }
    }
  }

  append(batch: SampleBatch): Promise<void> {
    const main = this.#main.append(batch);
    const copies = this.#copies.map(({ appender, onRefused }, i) => {
      const ofCopy = this.#refs[i]!;
      const refs = new Uint32Array(batch.length);
      for (let row = 0; row < batch.length; row++) refs[row] = ofCopy[batch.refs[row]!] ?? NO_REF;
      return appender.append({ ...batch, refs }).catch((error: StorageError) => onRefused(error, batch.length));
    });
    return Promise.all([main, ...copies]).then(() => undefined);
  }

  describe(metadata: readonly Metadata[]): void {
    this.#main.describe(metadata);
    for (const { appender } of this.#copies) appender.describe(metadata);
  }

  #grow(ref: SeriesRef): void {
    const capacity = 2 ** Math.ceil(Math.log2(ref + 1));
    const grown = (from: Uint32Array, fill: number) => {
      const to = new Uint32Array(capacity).fill(fill);
      to.set(from);
      return to;
    };
    this.#holders = grown(this.#holders, 0);
    for (const [i, refs] of this.#refs.entries()) this.#refs[i] = grown(refs, NO_REF);
  }
}

const INITIAL_CAPACITY = 1024;
/** No appender gives this ref: a batch that names a series nobody holds is refused by the copies too. */
const NO_REF = 0xffffffff;
