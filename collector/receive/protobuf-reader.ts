/** A body that is not the protocol buffer it should be. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

/** The wire types of protocol buffers; groups (3 and 4) are not accepted. */
export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
const FIXED32 = 5;

/**
 * Reads the wire format of protocol buffers from `position` to `end`, without allocating. To read a message inside,
 * remember `end`, set it to the message's end, and set it back afterwards. Everything throws a ProtobufError when the
 * bytes end too early or are not well formed.
 */
export class ProtobufReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  position = 0;
  end: number;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.end = bytes.length;
  }

  /** The next field's number and wire type, as `number << 3 | type`. */
  tag(): number {
    const tag = this.uint32();
    if (tag < 8) throw new ProtobufError('field number 0');
    return tag;
  }

  /** A varint that fits into 32 bits: tags, lengths and enumerations. */
  uint32(): number {
    const { bytes, end } = this;
    let position = this.position;
    let value = 0;
    let scale = 1;
    for (;;) {
      if (position >= end) throw truncated();
      const byte = bytes[position++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 128;
      if (scale > 2 ** 28) throw new ProtobufError('a number that is longer than 32 bits');
    }
    this.position = position;
    return value;
  }

  /** A signed 64-bit varint as a number, which is inexact beyond 2^53. */
  int64(): number {
    const { bytes, end } = this;
    let position = this.position;
    let low = 0;
    let high = 0;
    for (let shift = 0; ; shift += 7) {
      if (position >= end) throw truncated();
      if (shift > 63) throw new ProtobufError('a number that is longer than 64 bits');
      const byte = bytes[position++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) break;
    }
    this.position = position;
    return high * 2 ** 32 + (low >>> 0);
  }

  /** A length and so many bytes: the offset behind them. `position` is then their beginning. */
  lengthEnd(): number {
    const length = this.uint32();
    const end = this.position + length;
    if (end > this.end) throw truncated();
    return end;
  }

  /** Steps over the value of a field. */
  skip(tag: number): void {
    switch (tag & 7) {
      case VARINT:
        this.int64();
        return;
      case FIXED64:
        this.#step(8);
        return;
      case BYTES:
        this.position = this.lengthEnd();
        return;
      case FIXED32:
        this.#step(4);
        return;
      default:
        throw new ProtobufError(`wire type ${tag & 7}`);
    }
  }

  /** The offset of eight bytes, stepped over. */
  fixed64(): number {
    const position = this.position;
    this.#step(8);
    return position;
  }

  #step(bytes: number): void {
    this.position += bytes;
    if (this.position > this.end) throw truncated();
  }
}

/** The tag of a field. */
export function tagOf(field: number, wireType: number): number {
  return (field << 3) | wireType;
}

function truncated(): ProtobufError {
  return new ProtobufError('it ends too early');
}
