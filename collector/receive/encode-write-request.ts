/** A write request as a test describes it. A value given as a bigint is the bits of the double. */
export interface RequestCase {
  readonly series: readonly {
    readonly labels: readonly (readonly [name: string | Uint8Array, value: string | Uint8Array])[];
    readonly samples: readonly { readonly timestamp: number; readonly value: number | bigint }[];
    readonly exemplars?: number;
    readonly histograms?: number;
  }[];
  readonly metadata?: readonly { type: number; metric: string; help: string; unit: string }[];
}

/**
 * Encodes a prometheus.WriteRequest: the other side of `WriteRequest.decode`, for tests, so it is written apart from it
 * and without any care for speed.
 */
export function encodeWriteRequest(request: RequestCase): Buffer {
  return Buffer.concat([
    ...request.series.map((series) =>
      field(
        1,
        ...series.labels.map(([name, value]) => field(1, field(1, bytes(name)), field(2, bytes(value)))),
        ...series.samples.map((sample) => field(2, encodeSample(sample))),
        ...Array.from({ length: series.exemplars ?? 0 }, () => field(3, double(2, 1))),
        ...Array.from({ length: series.histograms ?? 0 }, () => field(4, double(3, 1))),
      ),
    ),
    ...(request.metadata ?? []).map(({ type, metric, help, unit }) =>
      field(3, number(1, BigInt(type)), field(2, bytes(metric)), field(4, bytes(help)), field(5, bytes(unit))),
    ),
  ]);
}

/** proto3 leaves zeros out. */
function encodeSample({ timestamp, value }: { timestamp: number; value: number | bigint }): Buffer {
  const parts = [];
  if (!Object.is(value, 0)) parts.push(double(1, value));
  if (timestamp !== 0) parts.push(number(2, BigInt(timestamp)));
  return Buffer.concat(parts);
}

export function field(id: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([varint(BigInt(id * 8 + 2)), varint(BigInt(body.length)), body]);
}

export function number(id: number, value: bigint): Buffer {
  return Buffer.concat([varint(BigInt(id * 8)), varint(BigInt.asUintN(64, value))]);
}

export function double(id: number, value: number | bigint): Buffer {
  const buffer = Buffer.alloc(9);
  buffer[0] = id * 8 + 1;
  if (typeof value === 'bigint') buffer.writeBigUInt64LE(value, 1);
  else buffer.writeDoubleLE(value, 1);
  return buffer;
}

function varint(value: bigint): Buffer {
  const out: number[] = [];
  for (; value >= 128n; value >>= 7n) out.push(Number(value & 127n) | 128);
  out.push(Number(value));
  return Buffer.from(out);
}

function bytes(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? Buffer.from(text) : text;
}
