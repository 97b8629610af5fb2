import { compressSync, uncompressSync } from 'snappy';
import { crc32c } from './crc32c.ts';

/** A series of an answer; a value is the bits of the double, as 16 hexadecimal digits. */
export interface DecodedSeries {
  readonly query: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: (readonly [timestamp: number, bits: string])[];
}

/**
 * The client's side of remote read, for tests: written apart from the server's side, and without any care for speed.
 */
export function encodeReadRequest(request: {
  readonly queries: readonly {
    readonly start: number;
    readonly end: number;
    readonly matchers: readonly (readonly [name: string, type: number, value: string])[];
  }[];
  readonly accepted?: readonly number[];
}): Buffer {
  const queries = request.queries.map(({ start, end, matchers }) =>
    bytes(
      1,
      number(1, start),
      number(2, end),
      ...matchers.map(([name, type, value]) =>
        bytes(3, number(1, type), bytes(2, Buffer.from(name)), bytes(3, Buffer.from(value))),
      ),
      // Hints: step, function and range.
      bytes(4, number(1, 15_000), bytes(2, Buffer.from('rate')), number(3, start), number(4, end)),
    ),
  );
  return compressSync(
    Buffer.concat([...queries, ...(request.accepted ?? []).map((type) => number(2, type))]),
  ) as Buffer;
}

/** A snappy-compressed ReadResponse. */
export function decodeSamples(body: Uint8Array): DecodedSeries[] {
  const found: DecodedSeries[] = [];
  const results = fieldsOf(uncompressSync(Buffer.from(body), { asBuffer: true }) as Buffer).get(1) ?? [];
  for (const [query, result] of results.entries()) {
    for (const series of fieldsOf(result as Buffer).get(1) ?? []) {
      const fields = fieldsOf(series as Buffer);
      const samples = (fields.get(2) ?? []).map((sample) => {
        const parts = fieldsOf(sample as Buffer);
        // What is zero may be left out.
        const bits = parts.get(1)?.[0] ?? 0n;
        return [Number(BigInt.asIntN(64, (parts.get(2)?.[0] ?? 0n) as bigint)), hex(bits as bigint)] as const;
      });
      found.push({ query, labels: labelsOf(fields), samples });
    }
  }
  return found;
}

/** A stream of ChunkedReadResponse; the frames of one series are put together. Fails when a checksum is wrong. */
export function decodeStream(body: Buffer): DecodedSeries[] {
  const found: DecodedSeries[] = [];
  for (let at = 0; at < body.length; ) {
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = body[at++]!;
      size += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    const checksum = body.readUInt32BE(at);
    const message = body.subarray(at + 4, at + 4 + size);
    at += 4 + size;
    if (crc32c(message) !== checksum) throw new Error('a frame has a wrong checksum');
    const frame = fieldsOf(message);
    const query = Number(frame.get(2)?.[0] ?? 0n);
    for (const series of frame.get(1) ?? []) {
      const fields = fieldsOf(series as Buffer);
      const labels = labelsOf(fields);
      const samples = (fields.get(2) ?? []).flatMap((chunk) => {
        const parts = fieldsOf(chunk as Buffer);
        const decoded = decodeXor(parts.get(4)![0] as Buffer);
        const [first, last] = [1, 2].map((field) => Number(BigInt.asIntN(64, (parts.get(field)?.[0] ?? 0n) as bigint)));
        if (decoded[0]![0] !== first || decoded.at(-1)![0] !== last) throw new Error('a chunk has wrong borders');
        return decoded;
      });
      const before = found.at(-1);
      if (before?.query === query && JSON.stringify(before.labels) === JSON.stringify(labels))
        before.samples.push(...samples);
      else found.push({ query, labels, samples });
    }
  }
  return found;
}

/** The samples of an XOR chunk. */
export function decodeXor(chunk: Uint8Array): (readonly [timestamp: number, bits: string])[] {
  let position = 16;
  const read = (count: number): bigint => {
    let value = 0n;
    for (let i = 0; i < count; i++, position++) {
      const byte = chunk[position >> 3];
      if (byte === undefined) throw new Error('a chunk ends too early');
      value = (value << 1n) | BigInt((byte >> (7 - (position & 7))) & 1);
    }
    return value;
  };
  const uvarint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = read(8);
      value |= (byte & 127n) << shift;
      if (byte < 128n) return value;
    }
  };
  const samples: (readonly [number, string])[] = [];
  const total = chunk[0]! * 256 + chunk[1]!;
  let [time, delta, bits, leading, trailing] = [0n, 0n, 0n, 0n, 0n];
  for (let i = 0; i < total; i++) {
    if (i === 0) {
      const zigzag = uvarint();
      time = zigzag & 1n ? -((zigzag + 1n) >> 1n) : zigzag >> 1n;
      bits = read(64);
    } else {
      if (i === 1) delta = uvarint();
      else {
        let ones = 0;
        while (ones < 4 && read(1) === 1n) ones++;
        const width = [0, 14, 17, 20, 64][ones]!;
        const raw = read(width);
        const change = width > 0 && raw > 1n << BigInt(width - 1) ? raw - (1n << BigInt(width)) : raw;
        delta += change;
      }
      time += delta;
      if (read(1) === 1n) {
        if (read(1) === 1n) {
          leading = read(5);
          const middle = read(6);
          trailing = 64n - leading - (middle === 0n ? 64n : middle);
        }
        bits ^= read(Number(64n - leading - trailing)) << trailing;
      }
    }
    samples.push([Number(time), hex(bits)]);
  }
  return samples;
}

function hex(bits: bigint): string {
  return bits.toString(16).padStart(16, '0');
}

function labelsOf(fields: ReadonlyMap<number, readonly (bigint | Buffer)[]>): Record<string, string> {
  return Object.fromEntries(
    (fields.get(1) ?? []).map((label) => {
      const parts = fieldsOf(label as Buffer);
      return [String(parts.get(1)?.[0] ?? ''), String(parts.get(2)?.[0] ?? '')];
    }),
  );
}

function fieldsOf(message: Buffer): Map<number, (bigint | Buffer)[]> {
  const fields = new Map<number, (bigint | Buffer)[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = Number(varint());
    let value: bigint | Buffer;
    if ((tag & 7) === 0) value = varint();
    else if ((tag & 7) === 1) {
      value = message.readBigUInt64LE(at);
      at += 8;
    } else if ((tag & 7) === 2) {
      const size = Number(varint());
      value = message.subarray(at, at + size);
      at += size;
    } else throw new Error(`wire type ${tag & 7}`);
    const list = fields.get(tag >> 3);
    if (list === undefined) fields.set(tag >> 3, [value]);
    else list.push(value);
  }
  return fields;
}

function number(field: number, value: number): Buffer {
  return Buffer.concat([varint(BigInt(field * 8)), varint(BigInt.asUintN(64, BigInt(value)))]);
}

function bytes(field: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([varint(BigInt(field * 8 + 2)), varint(BigInt(body.length)), body]);
}

function varint(value: bigint): Buffer {
  const out: number[] = [];
  let rest = value;
  for (; rest >= 128n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
  out.push(Number(rest));
  return Buffer.from(out);
}
