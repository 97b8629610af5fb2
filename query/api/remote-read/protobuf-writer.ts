/** Writes the wire format of protocol buffers into bytes that grow. Values that are zero are written as well. */
export class ProtobufWriter {
  #bytes = Buffer.allocUnsafe(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** A view of what was written, valid until more is written. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A copy of what was written. */
  finish(): Buffer {
    return Buffer.from(this.view());
  }

  /** An enumeration or a 64-bit integer; exact within 2^53. */
  int64(field: number, value: number): void {
    this.#varint(field * 8);
    if (value >= 0) {
      this.#varint(value);
      return;
    }
    // Two's complement: ten bytes.
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest >= 128n; rest >>= 7n) this.#byte(Number(rest & 127n) | 128);
    this.#byte(Number(rest));
  }

  /** A double by its bits. */
  double(field: number, high: number, low: number): void {
    this.#varint(field * 8 + 1);
    this.#reserve(8);
    this.#bytes.writeUInt32LE(low, this.#length);
    this.#bytes.writeUInt32LE(high, this.#length + 4);
    this.#length += 8;
  }

  string(field: number, text: string): void {
    const size = Buffer.byteLength(text);
    this.#lengthOf(field, size);
    this.#bytes.write(text, this.#length);
    this.#length += size;
  }

  /** Bytes, or a message that was written elsewhere. */
  bytes(field: number, bytes: Uint8Array): void {
    this.#lengthOf(field, bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Bytes without a field: fields that were written elsewhere. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  clear(): void {
    this.#length = 0;
  }

  #lengthOf(field: number, size: number): void {
    this.#varint(field * 8 + 2);
    this.#varint(size);
    this.#reserve(size);
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#byte((rest % 128) | 128);
    this.#byte(rest);
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = byte;
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + size));
    grown.set(this.view());
    this.#bytes = grown;
  }
}
