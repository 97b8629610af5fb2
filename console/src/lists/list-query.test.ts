import { expect, test } from 'vitest';
import { listRequest, listStateOf, nextSort, withListState } from './list-query.ts';

test('state is read from the URL, and nonsense is the default', () => {
  expect(listStateOf(new URLSearchParams('sort=-cpu&filter=web&page=3'))).toEqual({
    sort: '-cpu',
    filter: 'web',
    page: 3,
  });
  expect(listStateOf(new URLSearchParams('page=-1'), { sort: 'name' })).toEqual({ sort: 'name', filter: '', page: 1 });
  expect(listStateOf(new URLSearchParams('page=2&a.page=7'), { prefix: 'a.' }).page).toBe(7);
});

test('another order or filter begins at the first page, defaults are not written', () => {
  const before = new URLSearchParams('tab=x&page=3&sort=name');
  expect(withListState(before, { filter: 'web' }).toString()).toBe('tab=x&sort=name&filter=web');
  expect(withListState(before, { page: 4 }).toString()).toBe('tab=x&page=4&sort=name');
  expect(withListState(before, { sort: '-cpu' }, { sort: '-cpu' }).toString()).toBe('tab=x');
});

test('the request has what the server needs', () => {
  expect(listRequest({ sort: '-cpu', filter: 'a b', page: 3 }, 50).toString()).toBe(
    'sort=-cpu&filter=a+b&limit=50&offset=100',
  );
  expect(listRequest({ sort: '', filter: '', page: 1 }, 20).toString()).toBe('limit=20');
});

test('a click sorts by the column, the next turns the order round', () => {
  expect(nextSort('', 'name', false)).toBe('name');
  expect(nextSort('name', 'name', false)).toBe('-name');
  expect(nextSort('-name', 'name', false)).toBe('name');
  expect(nextSort('name', 'cpu', true)).toBe('-cpu');
  expect(nextSort('-cpu', 'cpu', true)).toBe('cpu');
});
