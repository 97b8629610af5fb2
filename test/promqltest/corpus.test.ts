import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../query/engine.ts';
import { ALL_FEATURES } from '../../query/promql/features.ts';
import { KNOWN_GAPS } from './known-gaps.ts';
import { memoryTarget } from './memory-target.ts';
import { runScript } from './run-script.ts';
import type { Unstored } from './unstored-data.ts';

const here = path.dirname(fileURLToPath(import.meta.url));
const corpus = path.join(here, '../../../shared/promqltest');

/** The settings that Prometheus' scripts assume. */
const corpusTarget = memoryTarget((querier) => createEngine({ querier, features: ALL_FEATURES, maxSamples: 10_000 }));

describe("Prometheus' own scripts", () => {
  if (!existsSync(corpus)) {
    it.skip('are not here: ../shared/promqltest is absent', () => {});
    return;
  }
  const files = readdirSync(corpus).filter((file) => file.endsWith('.test'));
  it.each(files)('%s', async (file) => {
    const outcomes = await runScript(readFileSync(path.join(corpus, file), 'utf8'), corpusTarget);
    const gaps = KNOWN_GAPS[file] ?? {};
    const known = new Set(Object.values(gaps).flat());
    const broken = outcomes
      .filter(({ line, failure }) => failure !== undefined && !known.has(line))
      .map(({ line, expr, failure }) => `${file}:${line} ${expr}: ${failure}`);
    expect(broken).toEqual([]);
    // A gap that is closed must leave the list, or its next regression would go unseen.
    const closed = outcomes.filter(({ line, failure }) => failure === undefined && known.has(line));
    expect(closed.map(({ line, expr }) => `${file}:${line} ${expr}`)).toEqual([]);
    // The reason of a gap must be one that the eval has: data that is not stored.
    const lines = new Map(outcomes.map((outcome) => [outcome.line, outcome]));
    const untrue = Object.entries(gaps).flatMap(([reason, listed]) =>
      listed
        .filter((line) => !lines.get(line)?.needs.has(reason as Unstored))
        .map((line) => `${file}:${line} ${lines.get(line)?.expr ?? 'is no eval'}: does not need ${reason}`),
    );
    expect(untrue).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(0);
  });

  it('are all there, as far as gaps are listed for them', () => {
    expect(Object.keys(KNOWN_GAPS).filter((file) => !files.includes(file))).toEqual([]);
  });
});

describe('our own scripts', () => {
  const files = readdirSync(path.join(here, 'scripts'));
  it.each(files)('%s', async (file) => {
    const text = readFileSync(path.join(here, 'scripts', file), 'utf8');
    // As users run it: with none of the features but those that the script's first line names.
    const features = new Set(/^# features: (.+)/.exec(text)?.[1]?.split(', '));
    const target = memoryTarget((querier) => createEngine({ querier, features }), 3);
    const outcomes = await runScript(text, target);
    const broken = outcomes.filter(({ failure }) => failure !== undefined);
    expect(broken.map(({ line, expr, failure }) => `${file}:${line} ${expr}: ${failure}`)).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(0);
  });
});
