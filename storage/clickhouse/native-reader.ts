import type { NativeBlock, NativeColumn, NullableFloats } from './native-block.ts';

/**
 * Cuts a Native stream that arrives in arbitrary pieces into blocks. The embedded engine gives whole blocks, which are
 * decoded in place; an HTTP body is cut anywhere, so the bytes of an incomplete block wait for the next piece.
 */
export class NativeReader {
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  /** How many bytes there must be before another attempt makes sense: attempts on a big block stay few. */
  #wanted = 0;

  /** The blocks that are complete with this piece. */
  *push(piece: Uint8Array): Generator<NativeBlock> {
    this.#pending.push(piece);
    this.#pendingBytes += piece.length;
    if (this.#pendingBytes < this.#wanted) return;
    const bytes = this.#pending.length === 1 ? piece : Buffer.concat(this.#pending, this.#pendingBytes);
    let offset = 0;
    this.#wanted = 0;
    while (offset < bytes.length) {
      const cursor = new Cursor(bytes, offset);
      let block: NativeBlock;
      try {
        block = readBlock(cursor);
      } catch (error) {
        if (!(error instanceof Incomplete)) throw error;
        this.#wanted = Math.max(error.wanted - offset, 2 * (bytes.length - offset));
        break;
      }
      offset = cursor.offset;
      if (block.rows > 0) yield block;
    }
    const rest = bytes.subarray(offset);
    this.#pending = rest.length === 0 ? [] : [rest];
    this.#pendingBytes = rest.length;
    if (this.#wanted > MAX_BLOCK_BYTES) throw new RangeError(`a Native block must be below ${MAX_BLOCK_BYTES} bytes`);
  }

  /** The blocks that end with the stream; throws when it ends inside a block. */
  *end(): Generator<NativeBlock> {
    this.#wanted = 0;
    yield* this.push(new Uint8Array(0));
    if (this.#pendingBytes > 0)
      throw new RangeError(`the Native stream ends inside a block (${this.#pendingBytes} bytes)`);
  }
}

const MAX_BLOCK_BYTES = 2 ** 30;

class Incomplete extends Error {
  readonly wanted: number;
  constructor(wanted: number) {
    super('incomplete block');
    this.wanted = wanted;
  }
}

const utf8 = new TextDecoder('utf-8');

class Cursor {
  readonly bytes: Uint8Array;
  offset: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, offset: number) {
    this.bytes = bytes;
    this.offset = offset;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  take(length: number): number {
    const at = this.offset;
    if (at + length > this.bytes.length) throw new Incomplete(at + length);
    this.offset = at + length;
    return at;
  }

  varint(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.bytes[this.take(1)]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
  }

  string(): string {
    const length = this.varint();
    const at = this.take(length);
    if (length < 24) {
      // Short ASCII, the usual case, is quicker without the decoder.
      let text = '';
      for (let i = at; i < at + length; i++) {
        const byte = this.bytes[i]!;
        if (byte >= 0x80) return utf8.decode(this.bytes.subarray(at, at + length));
        text += String.fromCharCode(byte);
      }
      return text;
    }
    return utf8.decode(this.bytes.subarray(at, at + length));
  }

  uint64(): number {
    const at = this.take(8);
    return this.#view.getUint32(at + 4, true) * 4294967296 + this.#view.getUint32(at, true);
  }

  /** A copy when the data is not aligned for a typed array, else a view. */
  fixed(length: number, width: number): { buffer: ArrayBufferLike; byteOffset: number } {
    const at = this.take(length * width);
    const byteOffset = this.bytes.byteOffset + at;
    if (byteOffset % width === 0) return { buffer: this.bytes.buffer, byteOffset };
    // Not `slice`, which copies nothing when the bytes are a Buffer.
    return { buffer: new Uint8Array(this.bytes.subarray(at, at + length * width)).buffer, byteOffset: 0 };
  }
}

function readBlock(cursor: Cursor): NativeBlock {
  const width = cursor.varint();
  const rows = cursor.varint();
  const columns: NativeColumn[] = [];
  for (let i = 0; i < width; i++) {
    cursor.string();
    // What a column aggregates when parts are merged says nothing about its data.
    const type = cursor.string().replace(/^SimpleAggregateFunction\(\w+, (.*)\)$/, '$1');
    columns.push(rows === 0 ? { kind: 'uint8', data: new Uint8Array(0) } : readColumn(cursor, type, rows));
  }
  return { rows, columns };
}

function readColumn(cursor: Cursor, type: string, rows: number): NativeColumn {
  switch (type) {
    case 'Int8': {
      const { buffer, byteOffset } = cursor.fixed(rows, 1);
      return { kind: 'int8', data: new Int8Array(buffer, byteOffset, rows) };
    }
    case 'UInt8':
    case 'Bool': {
      const { buffer, byteOffset } = cursor.fixed(rows, 1);
      return { kind: 'uint8', data: new Uint8Array(buffer, byteOffset, rows) };
    }
    case 'UInt32': {
      const { buffer, byteOffset } = cursor.fixed(rows, 4);
      return { kind: 'uint32', data: new Uint32Array(buffer, byteOffset, rows) };
    }
    case 'Float64': {
      const { buffer, byteOffset } = cursor.fixed(rows, 8);
      return { kind: 'float64', data: new Float64Array(buffer, byteOffset, rows) };
    }
    case 'String': {
      const data: string[] = [];
      for (let i = 0; i < rows; i++) data.push(cursor.string());
      return { kind: 'string', data };
    }
    case 'LowCardinality(String)': {
      cursor.take(8);
      const { dictionary, indexes } = readDictionary(cursor);
      return { kind: 'string', data: Array.from(indexes, (index) => dictionary[index]!) };
    }
    case 'Map(LowCardinality(String), LowCardinality(String))':
      return readMap(cursor, rows);
    case 'Array(String)': {
      const ends: number[] = [];
      for (let i = 0; i < rows; i++) ends.push(cursor.uint64());
      const data: string[][] = [];
      let element = 0;
      for (const end of ends) {
        const list: string[] = [];
        for (; element < end; element++) list.push(cursor.string());
        data.push(list);
      }
      return { kind: 'strings', data };
    }
    case 'Array(Nullable(Float64))':
      return { kind: 'nullable-floats', data: readNullableFloats(cursor, rows) };
    default: {
      if (type !== 'UInt64' && type !== 'Int64' && !type.startsWith('DateTime64(')) {
        throw new TypeError(`cannot read a column of type ${type}`);
      }
      // Seen as 32-bit halves, so 4-byte alignment is enough.
      const { buffer, byteOffset } = cursor.fixed(rows * 2, 4);
      return { kind: 'int64', data: new Uint32Array(buffer, byteOffset, rows * 2) };
    }
  }
}

function readNullableFloats(cursor: Cursor, rows: number): NullableFloats {
  const ends = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) ends[i] = cursor.uint64();
  const length = ends[rows - 1]!;
  const nulls = cursor.fixed(length, 1);
  const values = cursor.fixed(length, 8);
  return {
    ends,
    values: new Float64Array(values.buffer, values.byteOffset, length),
    nulls: new Uint8Array(nulls.buffer, nulls.byteOffset, length),
  };
}

/** The body of a LowCardinality(String) column: flags with the width of an index, the distinct values, the indexes. */
function readDictionary(cursor: Cursor): {
  dictionary: readonly string[];
  indexes: Uint8Array | Uint16Array | Uint32Array;
} {
  const flags = cursor.uint64();
  const size = cursor.uint64();
  const dictionary: string[] = [];
  for (let i = 0; i < size; i++) dictionary.push(cursor.string());
  const rows = cursor.uint64();
  const indexWidth = 2 ** (flags & 0xff);
  const { buffer, byteOffset } = cursor.fixed(rows, indexWidth);
  if (indexWidth === 1) return { dictionary, indexes: new Uint8Array(buffer, byteOffset, rows) };
  if (indexWidth === 2) return { dictionary, indexes: new Uint16Array(buffer, byteOffset, rows) };
  if (indexWidth === 4) return { dictionary, indexes: new Uint32Array(buffer, byteOffset, rows) };
  throw new TypeError(`cannot read a dictionary with ${indexWidth}-byte indexes`);
}

function readMap(cursor: Cursor, rows: number): NativeColumn {
  cursor.take(16);
  const ends: number[] = [];
  for (let i = 0; i < rows; i++) ends.push(cursor.uint64());
  if (ends.at(-1) === 0) return { kind: 'map', data: ends.map(() => []) };
  const names = readDictionary(cursor);
  const values = readDictionary(cursor);
  const data: string[][] = [];
  let entry = 0;
  for (const end of ends) {
    const pairs: string[] = [];
    for (; entry < end; entry++) {
      pairs.push(names.dictionary[names.indexes[entry]!]!, values.dictionary[values.indexes[entry]!]!);
    }
    data.push(pairs);
  }
  return { kind: 'map', data };
}
