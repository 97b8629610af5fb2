import type { KubeObject } from '../objects.ts';
import type { SelectedResource } from './family-selection.ts';

/** From so many series of one family on, repeated ones are found by a set. */
const MANY = 16;

/** All series of one object, in the order in which its families give them, in columns; used again and again. */
export class Draft {
  length = 0;
  /** Values of the labels that identify the object. */
  identity: readonly string[] = [];
  readonly families: number[] = [];
  readonly values: number[] = [];
  /** Names and values in turn. */
  readonly labels: (readonly string[])[] = [];
  #family = 0;
  #familyStart = 0;
  #seen: Set<string> | undefined;

  /** Takes in what is told of an object. When a family throws, the draft is empty and the error goes on. */
  fill({ families, identify, allowed }: SelectedResource, object: KubeObject): void {
    this.length = 0;
    try {
      this.identity = identify(object);
      for (let i = 0; i < families.length; i++) {
        this.#family = i;
        this.#familyStart = this.length;
        this.#seen = undefined;
        families[i]!.generate(object, this.#emit, allowed);
      }
    } catch (error) {
      this.length = 0;
      throw error;
    }
  }

  /** Whether the other one has the same series in the same order, with whatever values. */
  hasSameSeries(other: Draft): boolean {
    if (this.length !== other.length || !areEqual(this.identity, other.identity)) return false;
    for (let i = 0; i < this.length; i++) {
      if (this.families[i] !== other.families[i] || !areEqual(this.labels[i]!, other.labels[i]!)) return false;
    }
    return true;
  }

  /** A key that two series of one object share exactly when they are the same. */
  keyOf(index: number): string {
    return `${this.families[index]}\n${JSON.stringify(this.labels[index])}`;
  }

  readonly #emit = (value: number, ...labels: string[]): void => {
    if (this.#isRepeated(labels)) return;
    const at = this.length++;
    this.families[at] = this.#family;
    this.values[at] = value;
    this.labels[at] = labels;
  };

  #isRepeated(labels: readonly string[]): boolean {
    const count = this.length - this.#familyStart;
    if (count < MANY) {
      for (let i = this.#familyStart; i < this.length; i++) if (areEqual(this.labels[i]!, labels)) return true;
      return false;
    }
    if (this.#seen === undefined) {
      this.#seen = new Set();
      for (let i = this.#familyStart; i < this.length; i++) this.#seen.add(JSON.stringify(this.labels[i]));
    }
    const key = JSON.stringify(labels);
    if (this.#seen.has(key)) return true;
    this.#seen.add(key);
    return false;
  }
}

function areEqual(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  // What differs most often comes last.
  for (let i = a.length - 1; i >= 0; i--) if (a[i] !== b[i]) return false;
  return true;
}
