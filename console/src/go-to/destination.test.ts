import { expect, test } from 'vitest';
import { type Destination, meant } from './destination.ts';

const pod = (name: string, detail = 'east / shop', alias?: string): Destination => ({
  kind: 'pod',
  name,
  detail,
  href: `/pods/${name}`,
  ...(alias !== undefined && { alias }),
});
const names = (text: string, ...pods: readonly Destination[]) => meant(pods, text).map(({ name }) => name);

test('what is called just so comes first, then what begins so, has a part that does, or has it anywhere', () => {
  const all = ['cobweb', 'shop-web-1', 'web-1', 'webhook', 'web'].map((name) => pod(name));
  expect(names('WEB', ...all)).toEqual(['web', 'web-1', 'webhook', 'shop-web-1', 'cobweb']);
});

test('every word has to be found, one of them in the name', () => {
  const all = [pod('web-1'), pod('web-2', 'west / shop'), pod('api-1')];
  expect(names('west web', ...all)).toEqual(['web-2']);
  expect(names('shop', ...all)).toEqual([]);
  expect(names('  ', ...all)).toEqual([]);
});

test('an alias is a name', () => {
  expect(names('web-1', pod('TooHot', 'firing', 'shop/web-1'))).toEqual(['TooHot']);
});
