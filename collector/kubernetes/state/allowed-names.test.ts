import { describe, expect, it } from 'vitest';
import { AllowedNames } from './allowed-names.ts';

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
