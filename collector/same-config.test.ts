import { describe, expect, it } from 'vitest';
import { sameConfig } from './same-config.ts';
import { Secret } from './secret.ts';

describe('sameConfig', () => {
  it.each([
    [1, 1],
    [undefined, undefined],
    [{ a: [1, { b: 'x' }], c: undefined }, { a: [1, { b: 'x' }] }],
    [{ password: new Secret('x') }, { password: new Secret('x') }],
    [/a/u, /a/u],
  ])('%o is the same as %o', (a, b) => {
    expect(sameConfig(a, b)).toBe(true);
  });

  it.each([
    [1, '1'],
    [null, {}],
    [[1], [1, 2]],
    [[], {}],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ password: new Secret('x') }, { password: new Secret('y') }],
    [{ password: new Secret('x') }, { password: 'x' }],
    [{ password: new Secret('x') }, { password: {} }],
    [/a/u, /b/u],
  ])('%o is not the same as %o', (a, b) => {
    expect(sameConfig(a, b)).toBe(false);
  });
});
