import { expect, test } from 'vitest';
import { draftFaults, faultAt } from './draft-faults.ts';
import { draftOf } from './policy-draft.ts';

test('an empty draft needs a name, a metric and a threshold', () => {
  const fields = draftFaults(draftOf(new URLSearchParams())).map(({ field }) => field);
  expect(fields).toEqual(['name', 'conditions[0].metric', 'conditions[0].thresholds']);
});

test('more periods than there are cannot be breached', () => {
  const draft = draftOf(new URLSearchParams('name=A&metric=m'));
  const conditions = [{ ...draft.conditions[0]!, thresholds: { warn: 0 }, periods: 3, outOf: 2 }];
  expect(draftFaults({ ...draft, conditions }).map(({ field }) => field)).toEqual(['conditions[0].outOf']);
  expect(draftFaults({ ...draft, conditions: [{ ...conditions[0]!, outOf: 3 }] })).toEqual([]);
});

test('a fault belongs to its field and to what that is within', () => {
  const faults = [
    { field: 'conditions[0].thresholds.warn', message: 'a' },
    { field: 'conditions[0].thresholds', message: 'b' },
    { field: 'conditions[1].period', message: 'c' },
  ];
  expect(faultAt(faults, 'conditions[0].thresholds')).toBe('a; b');
  expect(faultAt(faults, 'conditions[0].thresholds.warn')).toBe('a');
  expect(faultAt(faults, 'conditions[0].thresh')).toBeUndefined();
});
