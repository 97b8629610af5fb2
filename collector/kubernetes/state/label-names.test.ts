import { describe, expect, it } from 'vitest';
import { AllowedNames } from './allowed-names.ts';
import { toSeriesLabels } from './label-names.ts';

describe('toSeriesLabels', () => {
  it('sanitizes names, and writes capitals in snake case', () => {
    expect(toSeriesLabels('label', { 'app.kubernetes.io/partOf': 'a', 'x-Y': 'b', ABC: 'c', aB1C: 'd' })).toEqual([
      'label_abc',
      'c',
      'label_a_b1_c',
      'd',
      'label_app_kubernetes_io_part_of',
      'a',
      'label_x_y',
      'b',
    ]);
  });

  it('tells names apart that become the same', () => {
    expect(toSeriesLabels('label', { 'a/b': '1', 'a.b': '2', a_b: '3', c: '4' })).toEqual([
      'label_a_b_conflict1',
      '2',
      'label_a_b_conflict2',
      '1',
      'label_a_b_conflict3',
      '3',
      'label_c',
      '4',
    ]);
  });

  it('takes what is allowed', () => {
    expect(toSeriesLabels('annotation', { a: '1', b: '2' }, new AllowedNames(['b']))).toEqual(['annotation_b', '2']);
    expect(toSeriesLabels('label', undefined)).toEqual([]);
  });
});
