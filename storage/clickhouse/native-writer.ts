/** A column to be written: its rows must be as many as the block says, and stay untouched until the bytes are on disk. */
export type WritableColumn =
  | { readonly name: string; readonly type: string; readonly data: ArrayBufferView }
  | { readonly name: string; readonly type: 'String'; readonly data: readonly string[] }
  | { readonly name: string; readonly type: typeof DICTIONARY_TYPE; readonly data: DictionaryColumn }
  | { readonly name: string; readonly type: typeof LABELS_TYPE; readonly data: LabelsColumn }
  | { readonly name: string; readonly type: typeof STRINGS_TYPE; readonly data: readonly (readonly string[])[] };

/** Rows that refer to strings: row i is strings[indexes[i]]. */
export interface DictionaryColumn {
  readonly strings: readonly string[];
  readonly indexes: Uint32Array;
}

/** Maps: those of row i are entries ends[i - 1] … ends[i] (0 for the first), each a name and a value. */
export interface LabelsColumn {
  /** UInt64 in 32-bit halves, low first. */
  readonly ends: Uint32Array;
  readonly names: DictionaryColumn;
  readonly values: DictionaryColumn;
}

export const DICTIONARY_TYPE = 'LowCardinality(String)';
export const LABELS_TYPE = 'Map(LowCardinality(String), LowCardinality(String))';
export const STRINGS_TYPE = 'Array(String)';

/** Encodes one Native block as buffers to be written one after the other. Big columns are not copied. */
export function encodeNativeBlock(rows: number, columns: readonly WritableColumn[]): Uint8Array[] {
  const out: Uint8Array[] = [Buffer.concat([varint(columns.length), varint(rows)])];
  for (const column of columns) {
    out.push(text(column.name), text(column.type));
    if (ArrayBuffer.isView(column.data)) {
      out.push(bytesOf(column.data));
    } else if (column.type === 'String') {
      out.push(strings(column.data as readonly string[]));
    } else if (column.type === STRINGS_TYPE) {
      const lists = column.data as readonly (readonly string[])[];
      let end = 0;
      const ends = BigUint64Array.from(lists, (list) => BigInt((end += list.length)));
      out.push(bytesOf(ends), strings(lists.flat()));
    } else if (column.type === DICTIONARY_TYPE) {
      out.push(DICTIONARY_VERSION);
      pushDictionary(out, column.data as DictionaryColumn);
    } else {
      const labels = column.data as LabelsColumn;
      // Nested streams write all their prefixes first.
      out.push(DICTIONARY_VERSION, DICTIONARY_VERSION, bytesOf(labels.ends));
      if (labels.names.indexes.length > 0) {
        pushDictionary(out, labels.names);
        pushDictionary(out, labels.values);
      }
    }
  }
  return out;
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function uint64(value: number): Uint8Array {
  return Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
}

const DICTIONARY_VERSION = uint64(1);
/** The dictionary comes with the block (bit 9) and stands for itself (bit 10); indexes are 4 bytes wide (2). */
const DICTIONARY_FLAGS = uint64((1 << 9) | (1 << 10) | 2);

function pushDictionary(out: Uint8Array[], column: DictionaryColumn): void {
  out.push(DICTIONARY_FLAGS, uint64(column.strings.length), strings(column.strings));
  out.push(uint64(column.indexes.length), bytesOf(column.indexes));
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(bytes.length), bytes]);
}

/** Strings with their lengths, in one buffer: first sized at the worst, then filled. */
function strings(values: readonly string[]): Uint8Array {
  let size = 0;
  for (const value of values) size += value.length * 3 + 5;
  const out = Buffer.allocUnsafe(size);
  let at = 0;
  for (const value of values) {
    const start = at + varintLength(value.length * 3);
    const length = out.write(value, start);
    const width = varintLength(length);
    // Rarely the length needs fewer bytes than were kept for it.
    if (at + width !== start) out.copyWithin(at + width, start, start + length);
    let rest = length;
    for (let i = 0; i < width; i++) {
      out[at + i] = i === width - 1 ? rest : (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    at += width + length;
  }
  return out.subarray(0, at);
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++;
  return length;
}
