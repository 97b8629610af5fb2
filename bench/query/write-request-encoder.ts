/** Length of a sample: its tag and length, a double with its tag, a timestamp of six bytes with its tag. */
const SAMPLE_BYTES = 18;
const TIMESTAMP_BYTES = 6;

/**
 * Encodes remote write 1.0 requests at 20 ns per sample: WriteRequest { timeseries = 1: { labels = 1: { name = 1; value = 2 },
 * samples = 2: { double value = 1; int64 timestamp = 2 } } }. The buffer is reused, so a request must be compressed or copied
 * before the next.
 */
export class WriteRequestEncoder {
  readonly #labels: readonly Buffer[];
  #buffer = Buffer.alloc(1 << 20);

  /** `labels` of every series, sorted by name. */
  constructor(labels: readonly (readonly (readonly [name: string, value: string])[])[]) {
    this.#labels = labels.map((pairs) =>
      Buffer.concat(pairs.map(([name, value]) => field(1, field(1, Buffer.from(name)), field(2, Buffer.from(value))))),
    );
  }

  /**
   * One request with the samples of the series from `first` on, `timestamps.length` of each: `values` holds them series by
   * series. Timestamps must lie after 2005, where they take six bytes.
   */
  encode(first: number, count: number, samples: { timestamps: Float64Array; values: Float64Array }): Buffer {
    const { timestamps, values } = samples;
    const ticks = timestamps.length;
    const times = Buffer.alloc(ticks * TIMESTAMP_BYTES);
    for (let i = 0; i < ticks; i++) writeTimestamp(times, i * TIMESTAMP_BYTES, timestamps[i]!);
    let bound = 0;
    for (let i = first; i < first + count; i++) bound += this.#labels[i]!.length + ticks * SAMPLE_BYTES + 8;
    if (this.#buffer.length < bound) this.#buffer = Buffer.alloc(bound);
    const buffer = this.#buffer;
    const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    let at = 0;
    for (let series = 0; series < count; series++) {
      const labels = this.#labels[first + series]!;
      buffer[at++] = 0x0a;
      at = writeVarint(buffer, at, labels.length + ticks * SAMPLE_BYTES);
      at += labels.copy(buffer, at);
      for (let i = 0; i < ticks; i++) {
        buffer[at] = 0x12;
        buffer[at + 1] = SAMPLE_BYTES - 2;
        buffer[at + 2] = 0x09;
        view.setFloat64(at + 3, values[series * ticks + i]!, true);
        buffer[at + 11] = 0x10;
        for (let byte = 0; byte < TIMESTAMP_BYTES; byte++) buffer[at + 12 + byte] = times[i * TIMESTAMP_BYTES + byte]!;
        at += SAMPLE_BYTES;
      }
    }
    return buffer.subarray(0, at);
  }
}

function writeTimestamp(buffer: Buffer, at: number, timestamp: number): void {
  if (!(timestamp >= 2 ** 40 && timestamp < 2 ** 42)) {
    throw new RangeError(`a timestamp must lie between November 2004 and May 2109, got ${timestamp}`);
  }
  writeVarint(buffer, at, timestamp);
}

function writeVarint(buffer: Buffer, at: number, value: number): number {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) buffer[at++] = (rest % 128) + 128;
  buffer[at++] = rest;
  return at;
}

function field(number: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const head = Buffer.alloc(6);
  head[0] = number * 8 + 2;
  return Buffer.concat([head.subarray(0, writeVarint(head, 1, content.length)), content]);
}
