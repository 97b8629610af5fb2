import { describe, expect, it } from 'vitest';
import { parseExpr } from '../../../query/promql/parser.ts';
import { needsFullWindows, RefilledWindows } from './refilled-windows.ts';

const STEP = 15_000;

/** Evaluations of rows, `a` for one that has a value and `A` for one that is lacking it; gives the rows that are doubted in each. */
function doubted(evaluations: readonly string[], selector = (_: number): string => ''): string[] {
  const windows = new RefilledWindows(60_000);
  return evaluations.map((rows, i) => {
    const found: string[] = [];
    windows.take(
      { at: 1_000_000 + i * STEP, selector: selector(i) },
      { keys: [...rows.toLowerCase()], isLacking: (row) => rows[row] !== rows[row]!.toLowerCase() },
      (row) => found.push(rows[row]!),
    );
    return found.join('');
  });
}

describe('a row is in doubt', () => {
  it('until its window has passed since it was in doubt or lacking', () => {
    expect(doubted(['a', 'a', 'A', 'A', 'a', 'a', 'a', 'a', 'a'])).toEqual(['', '', '', '', 'a', 'a', 'a', '', '']);
  });

  it('until its window has passed since it was not there', () => {
    expect(doubted(['ab', 'a', 'a', 'ab', 'ba', 'ab', 'ab', 'ab'])).toEqual(['', '', '', 'b', 'b', 'b', '', '']);
    expect(doubted(['a', '', '', 'a'])).toEqual(['', '', '', 'a']);
  });

  it('but not when it is new', () => {
    expect(doubted(['a', 'a', 'ab', 'abc'])).toEqual(['', '', '', '']);
  });

  it('by what was found with the same selector', () => {
    expect(doubted(['a', 'b', 'a', 'b'], (i) => String(i % 2))).toEqual(['', '', '', '']);
    expect(doubted(['a', 'b', 'a', 'b'])).toEqual(['', '', 'a', 'b']);
  });
});

it('how full ranges are matters to what is divided by them or summed over them', () => {
  const needing = (text: string): boolean => needsFullWindows(parseExpr(text));
  for (const text of ['sum(rate(a[5m]))', 'a / on (pod) increase(b[1m])', 'max_over_time(rate(a[1m])[5m:1m])']) {
    expect(needing(text), text).toBe(true);
  }
  for (const text of ['a', 'sum(irate(a[5m]))', 'avg_over_time(a[5m])']) expect(needing(text), text).toBe(false);
});
