import { describe, expect, it } from 'vitest';
import { EVERYTHING, isSelected, type LabelSelector, selectorText } from './label-selector.ts';

const reader = (labels: Record<string, string>) => (key: string) => labels[key];

const SELECTOR: LabelSelector = [
  { key: 'app', operator: 'In', values: ['a', 'b'] },
  { key: 'debug', operator: 'DoesNotExist', values: [] },
  { key: 'tier', operator: 'NotIn', values: ['cache'] },
  { key: 'zone', operator: 'Exists', values: [] },
];

describe('label selectors', () => {
  it.each([
    [{ app: 'a', zone: '' }, true],
    [{ app: 'b', zone: 'z', tier: 'web' }, true],
    [{ zone: 'z' }, false],
    [{ app: 'c', zone: 'z' }, false],
    [{ app: 'a' }, false],
    [{ app: 'a', zone: 'z', tier: 'cache' }, false],
    [{ app: 'a', zone: 'z', debug: '' }, false],
  ] as [Record<string, string>, boolean][])('selects by all four operators: %j %s', (labels, selected) => {
    expect(isSelected(SELECTOR, reader(labels))).toBe(selected);
    expect(isSelected(EVERYTHING, reader(labels))).toBe(true);
  });

  it('is written as in requests', () => {
    expect(selectorText(SELECTOR)).toBe('app in (a,b),!debug,tier!=cache,zone');
    expect(selectorText(EVERYTHING)).toBe('');
  });
});
