import { isUtf8 } from 'node:buffer';
import { Labels, METRIC_NAME } from '../../storage/labels.ts';
import { BYTES, ProtobufReader, tagOf } from './protobuf-reader.ts';

/** What a series' labels may be at most. Lengths are in bytes. */
export interface LabelLimits {
  readonly maxLabels: number;
  readonly maxNameLength: number;
  readonly maxValueLength: number;
}

/** Labels that are no series' labels: what is wrong, and the labels as far as they can be shown. */
export class LabelsError extends Error {
  override readonly name = 'LabelsError';
}

/**
 * The labels in the `labels` fields of a TimeSeries. Any order is accepted; labels with an empty value are left out.
 * Throws a LabelsError for a repeated name, an empty name, no metric name, invalid UTF-8, or too much; a ProtobufError
 * when the bytes are no labels.
 */
export function parseLabels(bytes: Uint8Array, limits: LabelLimits): Labels {
  const reader = new ProtobufReader(bytes);
  const { end } = reader;
  const pairs: string[] = [];
  let sorted = true;
  let problem: string | undefined;
  let count = 0;
  while (reader.position < end) {
    reader.tag();
    reader.end = reader.lengthEnd();
    let name: string | undefined = '';
    let value: string | undefined = '';
    let nameLength = 0;
    let valueLength = 0;
    while (reader.position < reader.end) {
      const tag = reader.tag();
      if (tag === NAME || tag === VALUE) {
        const stringEnd = reader.lengthEnd();
        const length = stringEnd - reader.position;
        const string = decode(bytes, reader.position, stringEnd);
        if (tag === NAME) [name, nameLength] = [string, length];
        else [value, valueLength] = [string, length];
        reader.position = stringEnd;
      } else {
        reader.skip(tag);
      }
    }
    reader.end = end;
    count++;
    if (name === undefined) problem ??= 'a label name is not valid UTF-8';
    else if (value === undefined) problem ??= `the value of label ${show(name)} is not valid UTF-8`;
    else if (name === '') problem ??= 'a label name is empty';
    else if (nameLength > limits.maxNameLength) {
      problem ??= `a label name has ${nameLength} bytes, at most ${limits.maxNameLength} are allowed: ${show(name)}`;
    } else if (valueLength > limits.maxValueLength) {
      problem ??= `the value of label ${show(name)} has ${valueLength} bytes, at most ${limits.maxValueLength} are allowed`;
    }
    if (pairs.length > 0 && !(pairs[pairs.length - 2]! < (name ?? ''))) sorted = false;
    pairs.push(name ?? '\ufffd', value ?? '\ufffd');
  }
  if (count > limits.maxLabels) problem ??= `the series has ${count} labels, at most ${limits.maxLabels} are allowed`;
  const ordered = sorted ? pairs : sortPairs(pairs);
  if (!sorted) {
    for (let i = 2; i < ordered.length; i += 2) {
      if (ordered[i] === ordered[i - 2]) problem ??= `label ${show(ordered[i]!)} is there twice`;
    }
  }
  const labels = Labels.fromSortedPairs(withoutEmpty(ordered));
  if (labels.get(METRIC_NAME) === '') problem ??= `the series has no metric name (${METRIC_NAME})`;
  if (problem !== undefined) throw new LabelsError(`${cut(labels.toString(), 300)}: ${problem}`);
  return labels;
}

const NAME = tagOf(1, BYTES);
const VALUE = tagOf(2, BYTES);

/** Undefined when the bytes are not UTF-8. */
function decode(bytes: Uint8Array, start: number, end: number): string | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
  for (let i = 0; i < buffer.length; i++) {
    if (buffer[i]! >= 0x80) return isUtf8(buffer) ? buffer.toString('utf8') : undefined;
  }
  return buffer.toString('latin1');
}

function sortPairs(pairs: readonly string[]): string[] {
  const order = Array.from({ length: pairs.length / 2 }, (_, i) => i * 2);
  order.sort((a, b) => (pairs[a]! < pairs[b]! ? -1 : pairs[a]! > pairs[b]! ? 1 : a - b));
  return order.flatMap((i) => [pairs[i]!, pairs[i + 1]!]);
}

function withoutEmpty(pairs: string[]): string[] {
  let kept = 0;
  for (let i = 0; i < pairs.length; i += 2) {
    if (pairs[i + 1] === '') continue;
    pairs[kept] = pairs[i]!;
    pairs[kept + 1] = pairs[i + 1]!;
    kept += 2;
  }
  pairs.length = kept;
  return pairs;
}

function show(text: string): string {
  return JSON.stringify(cut(text, 80));
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
