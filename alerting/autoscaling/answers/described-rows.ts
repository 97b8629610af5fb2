import type { Labels } from '../../../storage/labels.ts';
import type { DescribedObject } from '../served-metric.ts';
import { HashedRows, hashOf } from './hashed-rows.ts';

/** Which rows are about an object. */
export class DescribedRows {
  readonly #labels: readonly Labels[];
  readonly #objectOf: (labels: Labels) => DescribedObject | undefined;
  readonly #rows: HashedRows;

  constructor(labels: readonly Labels[], objectOf: (labels: Labels) => DescribedObject | undefined) {
    this.#labels = labels;
    this.#objectOf = objectOf;
    this.#rows = new HashedRows(
      labels.length,
      (row) => {
        const object = objectOf(labels[row]!);
        return object === undefined ? undefined : hashOf(object.namespace, object.name);
      },
      (a, b) => this.#isAbout(b, objectOf(labels[a]!)!),
    );
  }

  rowsOf(object: DescribedObject): number[] {
    const rows: number[] = [];
    let row = this.#rows.first(hashOf(object.namespace, object.name), (other) => this.#isAbout(other, object));
    for (; row >= 0; row = this.#rows.next(row)) rows.push(row);
    return rows;
  }

  get byteLength(): number {
    return this.#rows.byteLength;
  }

  #isAbout(row: number, { namespace, name }: DescribedObject): boolean {
    const object = this.#objectOf(this.#labels[row]!);
    return object !== undefined && object.name === name && object.namespace === namespace;
  }
}
