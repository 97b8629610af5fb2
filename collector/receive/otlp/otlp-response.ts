/** The two encodings of the OpenTelemetry protocol over HTTP. */
export type OtlpEncoding = 'protobuf' | 'json';

export const MEDIA_TYPES: Readonly<Record<OtlpEncoding, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
};

/**
 * An ExportMetricsServiceResponse { ExportMetricsPartialSuccess { int64 rejected_data_points = 1; string error_message
 * = 2; } partial_success = 1; }, empty when nothing was rejected and there is nothing to say.
 */
export function successBody(encoding: OtlpEncoding, rejected: number, message: string): Buffer {
  const partial = rejected > 0 || message !== '';
  if (encoding === 'json') {
    // 64-bit integers are text in JSON.
    const body = partial ? { partialSuccess: { rejectedDataPoints: String(rejected), errorMessage: message } } : {};
    return Buffer.from(JSON.stringify(body));
  }
  if (!partial) return Buffer.alloc(0);
  const count = rejected > 0 ? [Buffer.from([1 * 8]), varint(rejected)] : [];
  const text = message === '' ? [] : [bytes(2, Buffer.from(message))];
  return bytes(1, Buffer.concat([...count, ...text]));
}

/** A google.rpc.Status { int32 code = 1; string message = 2; }, what a failed request is answered with. */
export function statusBody(encoding: OtlpEncoding, code: number, message: string): Buffer {
  if (encoding === 'json') return Buffer.from(JSON.stringify({ code, message }));
  return Buffer.concat([Buffer.from([1 * 8]), varint(code), bytes(2, Buffer.from(message))]);
}

function bytes(field: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([field * 8 + 2]), varint(content.length), content]);
}

function varint(value: number): Buffer {
  const out: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128);
  out.push(rest);
  return Buffer.from(out);
}
