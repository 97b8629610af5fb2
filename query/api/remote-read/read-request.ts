import { Matcher, type MatchOp } from '../../../storage/matcher.ts';
import { QueryError } from '../../query-result.ts';

/*
 * prometheus.ReadRequest, as far as it is used:
 *
 *   ReadRequest  { repeated Query queries = 1; repeated ResponseType accepted_response_types = 2; }
 *   Query        { int64 start_timestamp_ms = 1; int64 end_timestamp_ms = 2; repeated LabelMatcher matchers = 3; }
 *   LabelMatcher { Type type = 1; string name = 2; string value = 3; }
 */

/** SAMPLES (0) and STREAMED_XOR_CHUNKS (1); a client may name others. */
export type ResponseType = number;
export const SAMPLES: ResponseType = 0;
export const STREAMED_XOR_CHUNKS: ResponseType = 1;

export interface ReadQuery {
  readonly matchers: readonly Matcher[];
  /** Milliseconds, both included. */
  readonly start: number;
  readonly end: number;
}

export interface ReadRequest {
  readonly queries: readonly ReadQuery[];
  /** In order of preference. */
  readonly accepted: readonly ResponseType[];
}

const OPS: readonly MatchOp[] = ['=', '!=', '=~', '!~'];

/** Decodes a request. Throws a bad_data QueryError when the bytes are none, or one of its matchers is wrong. */
export function decodeReadRequest(bytes: Uint8Array): ReadRequest {
  const queries: ReadQuery[] = [];
  const accepted: ResponseType[] = [];
  for (const { field, value } of fields(bytes)) {
    if (field === 1) queries.push(decodeQuery(message(value)));
    else if (field === 2 && typeof value === 'bigint') accepted.push(Number(value));
    // Repeated numbers may be packed into one field.
    else if (field === 2) accepted.push(...packed(message(value)));
  }
  return { queries, accepted };
}

function decodeQuery(bytes: Uint8Array): ReadQuery {
  const matchers: Matcher[] = [];
  let start = 0;
  let end = 0;
  for (const { field, value } of fields(bytes)) {
    if (field === 1) start = int64(value);
    else if (field === 2) end = int64(value);
    else if (field === 3) matchers.push(decodeMatcher(message(value)));
  }
  return { matchers, start, end };
}

function decodeMatcher(bytes: Uint8Array): Matcher {
  let type = 0;
  let name = '';
  let text = '';
  for (const { field, value } of fields(bytes)) {
    if (field === 1) type = int64(value);
    else if (field === 2) name = string(value);
    else if (field === 3) text = string(value);
  }
  const op = OPS[type];
  if (op === undefined) throw refused(`a matcher's type must be 0 to 3, got ${type}`);
  try {
    return new Matcher(name, op, text);
  } catch (error) {
    if (error instanceof SyntaxError) throw refused(error.message);
    throw error;
  }
}

/** A number, or the bytes of what has a length; undefined for numbers of fixed width, which no field here is. */
type FieldValue = bigint | Uint8Array | undefined;

function* fields(bytes: Uint8Array): Generator<{ readonly field: number; readonly value: FieldValue }> {
  const cursor = { bytes, at: 0 };
  while (cursor.at < bytes.length) {
    const tag = Number(varint(cursor));
    const field = Math.floor(tag / 8);
    if (field === 0) throw malformed();
    switch (tag % 8) {
      case 0:
        yield { field, value: varint(cursor) };
        break;
      case 1:
        yield { field, value: skip(cursor, 8) };
        break;
      case 2: {
        const length = Number(varint(cursor));
        const start = cursor.at;
        skip(cursor, length);
        yield { field, value: bytes.subarray(start, start + length) };
        break;
      }
      case 5:
        yield { field, value: skip(cursor, 4) };
        break;
      default:
        throw malformed();
    }
  }
}

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

function varint(cursor: Cursor): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = cursor.bytes[cursor.at++];
    if (byte === undefined) throw malformed();
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return BigInt.asUintN(64, value);
  }
  throw malformed();
}

function skip(cursor: Cursor, length: number): undefined {
  cursor.at += length;
  if (cursor.at > cursor.bytes.length) throw malformed();
}

function packed(bytes: Uint8Array): number[] {
  const cursor = { bytes, at: 0 };
  const values: number[] = [];
  while (cursor.at < bytes.length) values.push(Number(varint(cursor)));
  return values;
}

function message(value: FieldValue): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw malformed();
}

function int64(value: FieldValue): number {
  if (typeof value === 'bigint') return Number(BigInt.asIntN(64, value));
  throw malformed();
}

function string(value: FieldValue): string {
  return Buffer.from(message(value)).toString();
}

function malformed(): QueryError {
  return refused('the body must be a prometheus.ReadRequest');
}

function refused(reason: string): QueryError {
  return new QueryError('bad_data', reason);
}
