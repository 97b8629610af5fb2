import { describe, expect, it } from 'vitest';
import { AllowedNames, parseAllowlist } from './allowed-names.ts';

describe('AllowedNames', () => {
  it.each([
    [['app'], 'app', true],
    [['app'], 'apps', false],
    [['*'], 'anything', true],
    [['team-*'], 'team-', true],
    [['team-*'], 'my-team-a', false],
    [['*/name'], 'app.kubernetes.io/name', true],
    [['a*a'], 'a', false],
    [[], 'app', false],
  ])('%j has %s: %s', (names, name, wanted) => {
    expect(new AllowedNames(names).has(name)).toBe(wanted);
  });

  it('refuses two stars', () => {
    expect(() => new AllowedNames(['*a*'])).toThrow('an allowed name may have one * at most, got *a*');
  });
});

describe('parseAllowlist', () => {
  it.each<[string, Record<string, string[]>]>([
    ['', {}],
    ['pods=[*]', { pods: ['*'] }],
    ['pods=[a, app.kubernetes.io/name],nodes=[]', { pods: ['a', 'app.kubernetes.io/name'], nodes: [] }],
    [' *=[x] ', { '*': ['x'] }],
  ])('reads %j', (text, wanted) => {
    expect(parseAllowlist(text)).toEqual(wanted);
  });

  it.each(['pods', 'pods=a', 'pods=[a', 'pods=[a],', 'pods=[a]nodes=[b]', '=[a]', 'pods=[a,,b]', 'pods=[[a]]'])(
    'refuses %j',
    (text) => {
      expect(() => parseAllowlist(text)).toThrow(/^an allowlist/);
    },
  );
});
