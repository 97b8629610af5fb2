import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../query/engine.ts';
import { CORPUS, corpusEngine, runFile, scriptsIn } from './corpus.ts';
import { KNOWN_GAPS } from './known-gaps.ts';
import { memoryTarget } from './memory-target.ts';
import { recentTarget } from './recent-target.ts';
import { runScript } from './run-script.ts';

describe.each([
  ['on the in-memory store', memoryTarget(corpusEngine)],
  ['in a window over recent samples', recentTarget(corpusEngine)],
] as const)("Prometheus' own scripts, %s", (_, newTarget) => {
  const files = scriptsIn(CORPUS);
  if (files.length === 0) {
    it.skip('are not here: ../shared/promqltest is absent', () => {});
    return;
  }
  it.each(files)('%s', async (file) => {
    expect((await runFile(CORPUS, file, newTarget)).failures).toEqual([]);
  });

  it('are all there, as far as gaps are listed for them', () => {
    expect(Object.keys(KNOWN_GAPS).filter((file) => !files.includes(file))).toEqual([]);
  });
});

describe('our own scripts', () => {
  const directory = path.join(import.meta.dirname, 'scripts');
  it.each(readdirSync(directory))('%s', async (file) => {
    const text = readFileSync(path.join(directory, file), 'utf8');
    // As users run it: with none of the features but those that the script's first line names.
    const features = new Set(/^# features: (.+)/.exec(text)?.[1]?.split(', '));
    const outcomes = await runScript(
      text,
      memoryTarget((querier) => createEngine({ querier, features }), 3),
    );
    const broken = outcomes.filter(({ failure }) => failure !== undefined);
    expect(broken.map(({ line, expr, failure }) => `${file}:${line} ${expr}: ${failure}`)).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(0);
  });
});
