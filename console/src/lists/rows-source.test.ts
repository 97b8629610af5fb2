import { expect, test } from 'vitest';
import { pageOfRows } from './rows-source.ts';

const ROWS = [
  { name: 'Web one', size: 2 },
  { name: 'db', size: undefined },
  { name: 'web two', size: 10 },
];
const SHAPE = { text: ({ name }: (typeof ROWS)[0]) => name, columns: { size: ({ size }: (typeof ROWS)[0]) => size } };
const names = (query: string) => pageOfRows(ROWS, new URLSearchParams(query), SHAPE).items.map(({ name }) => name);

test('rows are filtered by all words, sorted and cut', () => {
  expect(names('filter=WEB')).toEqual(['Web one', 'web two']);
  expect(names('filter=web+two')).toEqual(['web two']);
  expect(names('sort=-size')).toEqual(['web two', 'Web one', 'db']);
  expect(names('sort=size')).toEqual(['Web one', 'web two', 'db']);
  expect(names('sort=size&limit=1&offset=1')).toEqual(['web two']);
  expect(pageOfRows(ROWS, new URLSearchParams('limit=1'), SHAPE).total).toBe(3);
});
