import { describe, expect, it } from 'vitest';
import { parseFeatures } from './server-options.ts';

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
