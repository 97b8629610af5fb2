import type { Labels } from '../../storage/labels.ts';
import type { ObjectSelector } from './policy.ts';

/** The selector as a function of an object's labels. */
export function compileSelector({ include, exclude }: ObjectSelector): (labels: Labels) => boolean {
  const wanted = Object.entries(include).map(([name, patterns]) => ({ name, matches: anyOf(patterns) }));
  const unwanted = Object.entries(exclude).map(([name, patterns]) => ({ name, matches: anyOf(patterns) }));
  return (labels) =>
    wanted.every(({ name, matches }) => matches(labels.get(name))) &&
    !unwanted.some(({ name, matches }) => matches(labels.get(name)));
}

/** Whether a value is one of these, in which `*` stands for any number of any characters. */
function anyOf(patterns: readonly string[]): (value: string) => boolean {
  const plain = new Set(patterns.filter((pattern) => !pattern.includes('*')));
  const starred = patterns.filter((pattern) => pattern.includes('*')).map((pattern) => pattern.split('*'));
  return (value) => plain.has(value) || starred.some((pieces) => hasPieces(value, pieces));
}

/** Whether the value is the pieces with anything in between. Each piece is looked for once, so no value takes long. */
function hasPieces(value: string, pieces: readonly string[]): boolean {
  const first = pieces[0]!;
  const last = pieces.at(-1)!;
  if (value.length < first.length + last.length || !value.startsWith(first) || !value.endsWith(last)) return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = value.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return at <= value.length - last.length;
}
