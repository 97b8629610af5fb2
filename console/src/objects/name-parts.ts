/** Names of at most so many characters are shown whole. */
const SHORT = 20;
const LONGEST_TAIL = 14;
const TAIL = 7;

/** A name in the two parts between which it may be cut. */
export interface NameParts {
  readonly head: string;
  /** What is always shown: it tells objects apart that were made from one. '' for a short name. */
  readonly tail: string;
  /** About how wide the tail is, in widths of the digit 0; rather more than less. */
  readonly tailWidth: number;
}

/** `web-5d9c7b6f4-x2x9k` is `web-5d9c7b6f4` and `-x2x9k`; without a short last part, the last few characters are the tail. */
export function nameParts(name: string): NameParts {
  if (name.length <= SHORT) return { head: name, tail: '', tailWidth: 0 };
  const last = Math.max(...['-', '.', '/', ':', ' '].map((separator) => name.lastIndexOf(separator, name.length - 3)));
  const start = name.length - last <= LONGEST_TAIL ? last : name.length - TAIL;
  const tail = name.slice(start);
  const width = [...tail].reduce((sum, character) => sum + characterWidth(character), 0);
  return { head: name.slice(0, start), tail, tailWidth: Math.ceil(width * 10) / 10 };
}

function characterWidth(character: string): number {
  if (/[ijl.,:;|!]/.test(character)) return 0.5;
  if (/[-frt()/ ]/.test(character)) return 0.7;
  return /[mwA-Z]/.test(character) ? 1.5 : 1;
}
