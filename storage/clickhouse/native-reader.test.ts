import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NativeBlock } from './native-block.ts';
import { NativeReader } from './native-reader.ts';
import { DICTIONARY_TYPE, encodeNativeBlock, LABELS_TYPE } from './native-writer.ts';

const TEXTS = ['', 'short', 'größe 日本 😀', 'x'.repeat(127), 'é'.repeat(64), 'y'.repeat(300), "it's \\ \n\0"];

/** A block with a column of every kind. */
function block(rows: number): Uint8Array {
  const numbers = Array.from({ length: rows }, (_, i) => i);
  const indexes = Uint32Array.from(numbers, (i) => i % TEXTS.length);
  const ends = Uint32Array.from(numbers.flatMap((i) => [Math.floor((i + 1) / 2), 0]));
  const entries = Uint32Array.from({ length: Math.floor(rows / 2) }, (_, i) => i % TEXTS.length);
  return Buffer.concat(
    encodeNativeBlock(rows, [
      { name: 'a', type: 'Int8', data: Int8Array.from(numbers, (i) => -i) },
      { name: 'b', type: 'UInt64', data: BigUint64Array.from(numbers, (i) => 2n ** 63n + BigInt(i)) },
      { name: 'c', type: "DateTime64(3, 'UTC')", data: BigInt64Array.from(numbers, (i) => BigInt(i)) },
      { name: 'd', type: 'Float64', data: Float64Array.from(numbers, (i) => i / 3) },
      { name: 'e', type: 'String', data: numbers.map((i) => TEXTS[i % TEXTS.length]!) },
      { name: 'f', type: DICTIONARY_TYPE, data: { strings: TEXTS, indexes } },
      {
        name: 'g',
        type: LABELS_TYPE,
        data: { ends, names: { strings: TEXTS, indexes: entries }, values: { strings: TEXTS, indexes: entries } },
      },
    ]),
  );
}

function plain(found: NativeBlock): unknown {
  return found.columns.map(({ kind, data }) => {
    if (kind !== 'nullable-floats') return [kind, [...(data as Iterable<unknown>)]];
    return [kind, [...data.ends], [...data.nulls], [...data.values]];
  });
}

/** A block of a column `g` of type Array(Nullable(Float64)) after one of bytes, as ClickHouse sends it. */
function nullableFloats(rows: readonly (readonly (number | null)[])[]): Uint8Array {
  const flat = rows.flat();
  const values = Float64Array.from(flat, (value) => value ?? 0);
  const ends = BigUint64Array.from(rows, (_, row) => BigInt(rows.slice(0, row + 1).flat().length));
  const type = 'Array(Nullable(Float64))';
  return Buffer.concat([
    Uint8Array.of(2, rows.length),
    Uint8Array.of(1, 'n'.charCodeAt(0), 5, ...Buffer.from('UInt8'), ...rows.keys()),
    Uint8Array.of(1, 'g'.charCodeAt(0), type.length, ...Buffer.from(type)),
    new Uint8Array(ends.buffer),
    Uint8Array.from(flat, (value) => (value === null ? 1 : 0)),
    new Uint8Array(values.buffer),
  ]);
}

function readAll(stream: Uint8Array, cuts: readonly number[]): NativeBlock[] {
  const reader = new NativeReader();
  const found: NativeBlock[] = [];
  let from = 0;
  for (const cut of [...cuts, stream.length]) {
    found.push(...reader.push(stream.subarray(from, cut)));
    from = cut;
  }
  found.push(...reader.end());
  return found;
}

test('what the writer wrote is read, wherever the stream is cut', () => {
  const stream = Buffer.concat([block(1), block(50), encodeNativeBlock(0, [])[0]!, block(7)]);
  const whole = readAll(stream, []);
  expect(whole.map((one) => one.rows)).toEqual([1, 50, 7]);
  expect(plain(whole[2]!)).toEqual([
    ['int8', [-0, -1, -2, -3, -4, -5, -6].map((i) => i + 0)],
    ['int64', [0, 1, 2, 3, 4, 5, 6].flatMap((i) => [i, 2 ** 31])],
    ['int64', [0, 1, 2, 3, 4, 5, 6].flatMap((i) => [i, 0])],
    ['float64', [0, 1, 2, 3, 4, 5, 6].map((i) => i / 3)],
    ['string', TEXTS],
    ['string', TEXTS],
    ['map', [[], [TEXTS[0], TEXTS[0]], [], [TEXTS[1], TEXTS[1]], [], [TEXTS[2], TEXTS[2]], []]],
  ]);
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length), { maxLength: 20 }), (cuts) => {
      const sorted = [...cuts].sort((a, b) => a - b);
      expect(readAll(stream, sorted).map(plain)).toEqual(whole.map(plain));
    }),
    { numRuns: 200 },
  );
});

test('arrays of numbers that may be missing are read, wherever the stream is cut', () => {
  const stream = Buffer.concat([nullableFloats([[1.5, null, Number.NaN], [], [null, -0]]), nullableFloats([[]])]);
  const wanted = [
    [
      ['uint8', [0, 1, 2]],
      ['nullable-floats', [3, 3, 5], [0, 1, 0, 1, 0], [1.5, 0, Number.NaN, 0, -0]],
    ],
    [
      ['uint8', [0]],
      ['nullable-floats', [0], [], []],
    ],
  ];
  for (let cut = 0; cut <= stream.length; cut++) expect(readAll(stream, [cut]).map(plain)).toEqual(wanted);
});

test('a stream that ends inside a block is an error', () => {
  const stream = block(50);
  expect(() => readAll(stream.subarray(0, stream.length - 1), [])).toThrow('ends inside a block');
});

test('a type that nobody asked for is an error that names it', () => {
  const stream = Buffer.concat(encodeNativeBlock(1, [{ name: 'x', type: 'UUID', data: new Uint8Array(16) }]));
  expect(() => readAll(stream, [])).toThrow('cannot read a column of type UUID');
});
