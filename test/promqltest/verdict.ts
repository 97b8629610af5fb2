import type { Outcome } from './run-script.ts';
import type { Unstored } from './unstored-data.ts';

/** The evals of one file that do not hold: reason -> lines. */
export type FileGaps = Readonly<Partial<Record<Unstored, readonly number[]>>>;

/** What is to be said of a file's outcomes. */
export interface Verdict {
  readonly passed: number;
  /** How many evals were not expected to hold, by reason. */
  readonly skipped: ReadonlyMap<Unstored, number>;
  /** Everything that is wrong, each with its place; none is as it should be. */
  readonly failures: readonly string[];
}

/**
 * Judges a file's outcomes by the list of its gaps: an eval that fails must be listed, one that is listed must fail (or its
 * next regression would go unseen), and the reason must be true of it. Without a list, what fails is excused by what it
 * needs of the data that is not stored.
 */
export function verdict(file: string, outcomes: readonly Outcome[], gaps?: FileGaps): Verdict {
  const failures: string[] = [];
  const skipped = new Map<Unstored, number>();
  let passed = 0;
  if (outcomes.length === 0) failures.push(`${file}: has no eval`);
  const reasons = new Map<number, Unstored>();
  for (const [reason, lines] of Object.entries(gaps ?? {})) {
    for (const line of lines) reasons.set(line, reason as Unstored);
  }
  for (const { line, expr, failure, needs } of outcomes) {
    const fail = (why: string) => failures.push(`${file}:${line} ${expr}: ${why}`);
    const listed = reasons.get(line);
    reasons.delete(line);
    if (failure === undefined) {
      if (listed === undefined) passed++;
      else fail(`holds, and is listed as a gap (${listed})`);
      continue;
    }
    const reason = gaps === undefined ? [...needs][0] : listed;
    if (reason === undefined) fail(failure);
    else if (!needs.has(reason)) fail(`is listed as a gap for ${reason}, which it does not need: ${failure}`);
    else skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
  }
  for (const [line, reason] of reasons)
    failures.push(`${file}:${line}: is listed as a gap (${reason}), and is no eval`);
  return { passed, skipped, failures };
}
