import { expect, test } from 'vitest';
import { LateSamples } from './late-samples.ts';

test('tells of late samples by metric, over a second view of the same counters', () => {
  const late = new LateSamples();
  const elsewhere = new LateSamples(late.counters);
  const tokens = () => [['a'], ['b'], ['a', 'b'], undefined].map((metrics) => elsewhere.token(metrics));
  const before = tokens();
  expect(tokens()).toEqual(before);
  late.count(['a']);
  const changed = (then: readonly string[]) => tokens().map((token, i) => token !== then[i]);
  expect(changed(before)).toEqual([true, false, true, true]);
  const after = tokens();
  late.countAll();
  expect(changed(after)).toEqual([true, true, true, true]);
});
