import { expect, it } from 'vitest';
import { expressionReads } from './expression-reads.ts';
import { parseTemplate } from './expression-template.ts';

it.each([
  ['rate(a{$selector}[2m]) + a offset 1m', { a: 360 }],
  ['max_over_time(a[10m:1m]) / on () group_left () b', { a: 900, b: 300 }],
  ['max_over_time(rate(a[2m])[10m:1m] offset 3m)', { a: 900 }],
  ['rate(a[2m] offset -1m) > scalar(b)', { a: 120, b: 300 }],
  ['sum({__name__="a b"}) + sum({job="x"}) + c @ 5', { 'a b': 300 }],
  ['vector(time())', {}],
])('says what is read and how far back: %s', (text, seconds) => {
  const reads = expressionReads([parseTemplate(text).expr]);
  expect(Object.fromEntries(reads.map(({ metric, back }) => [metric, back / 1000]))).toEqual(seconds);
});
