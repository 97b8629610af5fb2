import { describe, expect, it } from 'vitest';
import { parseFeatures, parseShard } from './server-options.ts';

describe('feature flags', () => {
  it('come separated by commas, and repeated options add to each other', () => {
    const first = parseFeatures('promql-duration-expr, promql-experimental-functions,');
    expect([...first]).toEqual(['promql-duration-expr', 'promql-experimental-functions']);
    expect([...parseFeatures('promql-binop-fill-modifiers', first)]).toEqual([...first, 'promql-binop-fill-modifiers']);
    expect(parseFeatures('')).toEqual(new Set());
  });

  it('are known ones', () => {
    expect(() => parseFeatures('promql-duration-expr,native-histograms')).toThrow(
      'there is no feature "native-histograms", wanted some of promql-experimental-functions, promql-duration-expr, ' +
        'promql-extended-range-selectors, promql-binop-fill-modifiers, promql-delayed-name-removal',
    );
  });
});

describe('shards', () => {
  it('are an index and a count', () => {
    expect(parseShard('0/1')).toEqual({ index: 0, count: 1 });
    expect(parseShard('2/3')).toEqual({ index: 2, count: 3 });
  });

  it.each(['3/3', '1', '1/0', '-1/3', '0/3/1', '1.5/3', '0/10001', 'a/b', ''])('are not %j', (text) => {
    expect(() => parseShard(text)).toThrow('wanted INDEX/COUNT with an index from 0 to COUNT - 1');
  });
});
