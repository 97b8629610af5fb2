// Answers are written as JSON text in pieces, so that neither the whole text of a large answer nor an object per sample
// ever exists.
import type { Labels } from '../../storage/labels.ts';
import type { QueryValue } from '../query-result.ts';
import { ENVELOPE_START, envelopeEnd, type Notes } from './envelope.ts';
import { secondsText, valueText } from './value-text.ts';

/** About how many characters a chunk has. */
export const CHUNK_LENGTH = 64 * 1024;

/** The envelope of a query's value, in chunks. `extras` are further members of `data`, JSON-ready. */
export function queryChunks(value: QueryValue, notes: Notes, extras: object = {}): Generator<string> {
  return chunks(queryPieces(value, notes, extras));
}

/** The envelope of a list, in chunks. Each item is anything that JSON.stringify takes. */
export function listChunks(items: Iterable<unknown>, notes: Notes = {}): Generator<string> {
  return chunks(listPieces(items, notes));
}

/** The envelope of an object that is not large. */
export function objectChunks(data: unknown, notes: Notes = {}): Generator<string> {
  return chunks([ENVELOPE_START, JSON.stringify(data), envelopeEnd(notes)]);
}

function* chunks(pieces: Iterable<string>): Generator<string> {
  let chunk = '';
  for (const piece of pieces) {
    chunk += piece;
    if (chunk.length < CHUNK_LENGTH) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

function* listPieces(items: Iterable<unknown>, notes: Notes): Generator<string> {
  yield ENVELOPE_START + '[';
  let separator = '';
  for (const item of items) {
    yield separator + JSON.stringify(item);
    separator = ',';
  }
  yield ']' + envelopeEnd(notes);
}

function* queryPieces(value: QueryValue, notes: Notes, extras: object): Generator<string> {
  yield `${ENVELOPE_START}{"resultType":"${value.type}","result":`;
  switch (value.type) {
    case 'scalar':
      yield `[${secondsText(value.timestamp)},"${valueText(value.value)}"]`;
      break;
    case 'string':
      yield `[${secondsText(value.timestamp)},${JSON.stringify(value.value)}]`;
      break;
    case 'vector': {
      let separator = '[';
      for (const { labels, timestamp, value: v } of value.samples) {
        yield `${separator}{"metric":${labelsText(labels)},"value":[${secondsText(timestamp)},"${valueText(v)}"]}`;
        separator = ',';
      }
      yield separator === '[' ? '[]' : ']';
      break;
    }
    case 'matrix': {
      let separator = '[';
      for (const series of value.series) {
        yield `${separator}{"metric":${labelsText(series.labels)},"values":[`;
        yield* samplePieces(series.timestamps, series.values);
        yield ']}';
        separator = ',';
      }
      yield separator === '[' ? '[]' : ']';
      break;
    }
    default:
      value satisfies never;
  }
  const members = Object.entries(extras).map(([name, member]) => `,${JSON.stringify(name)}:${JSON.stringify(member)}`);
  yield `${members.join('')}}${envelopeEnd(notes)}`;
}

/** A power of two above the most points that a series may have. */
const TIME_TEXTS = 16_384;

/** The texts of times that were written lately: the series of an answer have the same ones. */
class TimeTexts {
  readonly #times = new Float64Array(TIME_TEXTS).fill(Number.NaN);
  readonly #texts: string[] = new Array(TIME_TEXTS).fill('');

  /** How a sample of this time begins, up to its value. */
  open(milliseconds: number): string {
    const slot = (milliseconds / 1000) & (TIME_TEXTS - 1);
    if (this.#times[slot] === milliseconds) return this.#texts[slot]!;
    const text = `[${secondsText(milliseconds)},"`;
    this.#times[slot] = milliseconds;
    this.#texts[slot] = text;
    return text;
  }
}

const TIMES = new TimeTexts();

/** How many samples are joined before they are handed on: a generator's step costs more than a sample's text. */
const SAMPLES_PER_PIECE = 256;

function* samplePieces(timestamps: Float64Array, values: Float64Array): Generator<string> {
  for (let from = 0; from < timestamps.length; from += SAMPLES_PER_PIECE) {
    const to = Math.min(from + SAMPLES_PER_PIECE, timestamps.length);
    const samples: string[] = [];
    for (let i = from; i < to; i++) samples.push(TIMES.open(timestamps[i]!) + valueText(values[i]!));
    // Joining flattens once what concatenation would build as a tree of pieces.
    yield `${from === 0 ? '' : ','}${samples.join('"],')}"]`;
  }
}

function labelsText(labels: Labels): string {
  const { pairs } = labels;
  let text = '{';
  for (let i = 0; i < pairs.length; i += 2) {
    text += `${i === 0 ? '' : ','}${JSON.stringify(pairs[i])}:${JSON.stringify(pairs[i + 1])}`;
  }
  return text + '}';
}
