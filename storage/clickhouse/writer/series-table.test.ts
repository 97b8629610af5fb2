import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Labels } from '../../labels.ts';
import { SeriesTable } from './series-table.ts';

test('holds what is held, whatever comes and goes', () => {
  const step = fc.record({ series: fc.nat(200), release: fc.boolean(), settle: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
      const table = new SeriesTable();
      const held = new Map<string, { ref: number; labels: Labels; holders: number }>();
      for (const { series, release, settle } of steps) {
        const extra = Object.fromEntries(
          Array.from({ length: series % 4 }, (_, i) => [`label_${i}`, `value ${series % 7}`]),
        );
        const labels = Labels.from({ __name__: `metric_${series % 5}`, n: String(series), ...extra });
        const entry = held.get(labels.key);
        if (!release) {
          const ref = table.acquire(labels);
          if (entry !== undefined) expect(ref).toBe(entry.ref);
          held.set(labels.key, { ref, labels, holders: (entry?.holders ?? 0) + 1 });
        } else if (entry !== undefined) {
          table.release(entry.ref);
          if (--entry.holders === 0) held.delete(labels.key);
        }
        if (settle) table.symbols.settle();
      }
      expect(table.size).toBe(held.size);
      expect(new Set([...held.values()].map((entry) => entry.ref)).size).toBe(held.size);
      for (const { ref, labels } of held.values()) expect(table.labelsOf(ref).key).toBe(labels.key);
    }),
    { numRuns: 100 },
  );
});

test('uses refs and memory again', () => {
  const table = new SeriesTable();
  let greatest = 0;
  for (let round = 0; round < 50; round++) {
    const refs: number[] = [];
    for (let i = 0; i < 100; i++) refs.push(table.acquire(Labels.from({ __name__: 'm', pod: `pod-${round}-${i}` })));
    greatest = Math.max(greatest, ...refs);
    for (const ref of refs) table.release(ref);
    table.symbols.settle();
  }
  expect(greatest).toBe(99);
  expect(table.size).toBe(0);
  expect(table.symbols.size).toBeLessThan(110);
});

test('does not release what nobody holds', () => {
  const table = new SeriesTable();
  const ref = table.acquire(Labels.from({ __name__: 'm' }));
  table.release(ref);
  expect(() => table.release(ref)).toThrow(`release needs an acquired ref, got ${ref}`);
  expect(() => table.release(12_345)).toThrow('release needs an acquired ref, got 12345');
});
