import { expect, it } from 'vitest';
import { Labels } from '../../storage/labels.ts';
import { parseMatchers } from '../matcher-text.ts';
import { AlertStore } from './alert-store.ts';
import { Inhibitor } from './inhibitor.ts';
import { firing } from './notifier-setup.case.ts';

const NOW = 1_000_000;

function setup(source: string, target: string, equal: readonly string[]) {
  const inhibitor = new Inhibitor([
    { sourceMatchers: parseMatchers(source), targetMatchers: parseMatchers(target), equal },
  ]);
  const store = new AlertStore({ alerts: 100, bytes: 1e6 });
  const put = (
    name: string,
    labels: Readonly<Record<string, string>>,
    endsAt = Number.POSITIVE_INFINITY,
    key = name,
  ) => {
    const stored = store.put({ ...firing(name, labels, 0), key }, { now: NOW, endsAt });
    if (stored.kind === 'full') throw new Error('full');
    inhibitor.set(stored.stored);
    return stored.stored;
  };
  const inhibiting = (name: string, labels: Readonly<Record<string, string>>) =>
    inhibitor.inhibiting(Labels.from({ alertname: name, ...labels }), NOW);
  return { inhibitor, put, inhibiting };
}

it('a source inhibits targets with equal labels, none being equal to none, while it fires', () => {
  const { put, inhibiting, inhibitor } = setup('alertname=S', 'alertname=T', ['a', 'b']);
  const source = put('S', { a: '1' });
  expect(inhibiting('T', { a: '1' })).toEqual([source.fingerprint]);
  expect(inhibiting('T', { a: '1', b: '' })).toHaveLength(1);
  expect(inhibiting('T', { a: '1', b: '2' })).toEqual([]);
  expect(inhibiting('T', { a: '2' })).toEqual([]);
  expect(inhibiting('U', { a: '1' })).toEqual([]);
  source.endsAt = NOW;
  expect(inhibiting('T', { a: '1' })).toEqual([]);
  source.endsAt = NOW + 1;
  expect(inhibiting('T', { a: '1' })).toHaveLength(1);
  inhibitor.delete(source);
  expect(inhibiting('T', { a: '1' })).toEqual([]);
});

it('alerts that are both source and target do not inhibit themselves or each other', () => {
  const { put, inhibiting } = setup('k=~"s|both"', 'k=~"t|both"', []);
  put('A', { k: 'both' });
  expect(inhibiting('A', { k: 'both' })).toEqual([]);
  expect(inhibiting('B', { k: 'both' })).toEqual([]);
  expect(inhibiting('C', { k: 't' })).toHaveLength(1);
  put('D', { k: 's' });
  expect(inhibiting('A', { k: 'both' })).toHaveLength(1);
});

it('a source whose labels change is found by the new ones only', () => {
  const { put, inhibiting } = setup('alertname=S', 'alertname=T', ['a']);
  put('S', { a: '1' }, Number.POSITIVE_INFINITY, 'key');
  put('S', { a: '2' }, Number.POSITIVE_INFINITY, 'key');
  expect(inhibiting('T', { a: '1' })).toEqual([]);
  expect(inhibiting('T', { a: '2' })).toHaveLength(1);
});
