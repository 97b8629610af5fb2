import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RawObject } from './kube-client.ts';
import { ListReader } from './list-reader.ts';

interface Read {
  readonly items: readonly RawObject[];
  readonly resourceVersion: string;
  readonly continue: string;
}

/** Reads the text in pieces that end at the given offsets. */
function read(text: string, cuts: readonly number[] = []): Read {
  const bytes = Buffer.from(text);
  const items: RawObject[] = [];
  const reader = new ListReader((item) => items.push(item));
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    if (cut <= from || cut >= bytes.length) continue;
    reader.push(bytes.subarray(from, cut));
    from = cut;
  }
  reader.push(bytes.subarray(from));
  return { items, ...reader.end() };
}

describe('a list', () => {
  it('is taken apart wherever its metadata stand', () => {
    const item = { metadata: { name: 'a' }, spec: { items: [{ x: '"]}\\' }], list: [[1], []] } };
    const metadata = { resourceVersion: '7', continue: 'next' };
    for (const list of [
      { kind: 'List', metadata, items: [item, item] },
      { items: [item, item], extra: [1, [2], { items: [3] }], metadata },
    ]) {
      for (const indent of [0, 2]) {
        expect(read(JSON.stringify(list, null, indent))).toEqual({ items: [item, item], ...metadata });
      }
    }
  });

  it.each([
    ['{"metadata":{"resourceVersion":"1"},"items":null}'],
    ['{"metadata":{"resourceVersion":"1"},"items":[]}'],
    ['{"items" : [\n] ,"metadata":{"resourceVersion":"1","continue":""}}'],
  ])('may be empty: %s', (text) => {
    expect(read(text)).toEqual({ items: [], resourceVersion: '1', continue: '' });
  });

  it.each([
    ['', 'expected JSON, got something else'],
    ['<html>', 'expected JSON, got something else'],
    ['{"metadata":{},"items":[{"metadata":{"name":"a"}}', 'expected a list, got one that ends in its middle'],
    ['{"metadata":{}}', 'expected a list with metadata and items, got something else'],
    ['{"items":[]}', 'expected a list with metadata and items, got something else'],
    ['[]', 'expected a list with metadata and items, got something else'],
    ['{"metadata":{},"items":[{"metadata":{}}]}', 'expected an object with metadata.name, got one without'],
    ['{"metadata":{},"items":[{secret}]}', 'expected JSON, got something else'],
    [`{"metadata":{"x":"${'x'.repeat(300_000)}"},"items":[]}`, 'expected a list with at most 262144 bytes'],
  ])('is refused when it is none: %.60s', (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it('refuses an object without an end', () => {
    const reader = new ListReader(() => undefined);
    reader.push(Buffer.from('{"metadata":{},"items":[{"metadata":{"name":"'));
    const chunk = Buffer.alloc(1024 ** 2, 'x');
    expect(() => {
      for (let i = 0; i < 20; i++) reader.push(chunk);
    }).toThrow('expected objects of at most 16777216 bytes, got a larger one');
  });

  it('is read the same in whatever pieces it comes', () => {
    const name = fc.record({ name: fc.string({ minLength: 1, unit: 'binary' }) });
    const item = fc.record({ metadata: name, spec: fc.jsonValue() });
    const lists = fc.record({
      metadata: fc.record({ resourceVersion: fc.nat().map(String), continue: fc.string() }),
      items: fc.array(item, { maxLength: 6 }),
      other: fc.jsonValue(),
    });
    fc.assert(
      fc.property(lists, fc.array(fc.nat(600), { maxLength: 40 }), (list, cuts) => {
        // What JSON does not keep, such as -0, is not the reader's matter.
        const wanted = JSON.parse(JSON.stringify({ items: list.items, ...list.metadata })) as Read;
        expect(read(JSON.stringify(list), cuts)).toEqual(wanted);
      }),
      { numRuns: 300 },
    );
  });
});
