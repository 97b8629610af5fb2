/**
 * The columns of ClickHouse's Native format that Pharos reads and writes.
 *
 * A Native stream is a sequence of blocks; a block is its number of columns and rows, and then each column whole: name,
 * type, data. Fixed-width columns are plain little-endian arrays, so on every machine Node runs on they can be handed out
 * as typed arrays. Varints are LEB128.
 */
export type NativeColumn =
  | { readonly kind: 'int8'; readonly data: Int8Array }
  | { readonly kind: 'uint8'; readonly data: Uint8Array }
  | { readonly kind: 'uint32'; readonly data: Uint32Array }
  /** Int64, UInt64 and DateTime64: the low 32 bits of row i are at 2i, the high ones at 2i + 1. */
  | { readonly kind: 'int64'; readonly data: Uint32Array }
  | { readonly kind: 'float64'; readonly data: Float64Array }
  | { readonly kind: 'string'; readonly data: readonly string[] }
  /** Array(String). */
  | { readonly kind: 'strings'; readonly data: readonly (readonly string[])[] }
  /** Array(Nullable(Float64)). */
  | { readonly kind: 'nullable-floats'; readonly data: NullableFloats }
  /** Map(String, String): the entries of row i are name and value pairs in the order stored. */
  | { readonly kind: 'map'; readonly data: readonly (readonly string[])[] };

/** The elements of all rows, one row's after the other's. */
export interface NullableFloats {
  /** Of each row, the place after its last element. */
  readonly ends: Uint32Array;
  /** Anything where `nulls` is 1. */
  readonly values: Float64Array;
  readonly nulls: Uint8Array;
}

export interface NativeBlock {
  readonly rows: number;
  readonly columns: readonly NativeColumn[];
}

/** The data of each kind of column. */
type NativeData = { [Column in NativeColumn as Column['kind']]: Column['data'] };

/** The column at `index`, of the kind that the query's author expects. Throws when the query gives something else. */
export function columnOf<K extends NativeColumn['kind']>(block: NativeBlock, index: number, kind: K): NativeData[K] {
  const column = block.columns[index];
  if (column?.kind !== kind) throw new TypeError(`column ${index} must be ${kind}, got ${column?.kind}`);
  return column.data as NativeData[K];
}

/** Row `row` of an int64 column as a number; exact below 2^53. */
export function int64At(data: Uint32Array, row: number): number {
  return (data[2 * row + 1]! | 0) * 4294967296 + data[2 * row]!;
}
