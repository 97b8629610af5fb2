import { expect, test } from 'vitest';
import { keptSearch, withKept, withParams } from './url-state.ts';

test('time range, refresh and cluster go along to another page, the rest does not', () => {
  expect(keptSearch('?sort=-cpu&from=now-6h&to=now&cluster=a%26b&refresh=10s')).toBe(
    '?from=now-6h&to=now&refresh=10s&cluster=a%26b',
  );
  expect(keptSearch('?sort=-cpu')).toBe('');
});

test('an address that says by itself what it is about is left alone', () => {
  expect(withKept('/pods', '?from=now-6h')).toBe('/pods?from=now-6h');
  expect(withKept('/pods?cluster=a', '?from=now-6h')).toBe('/pods?cluster=a');
});

test('withParams writes, takes out, and leaves the rest and its argument alone', () => {
  const before = new URLSearchParams('a=1&b=2&c=3');
  expect(withParams(before, { a: '9', b: '', c: undefined, d: '4' }).toString()).toBe('a=9&d=4');
  expect(before.toString()).toBe('a=1&b=2&c=3');
});
