import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClickHouseTargets, openClickHouseTargets } from './clickhouse-target.ts';
import { CORPUS, corpusEngine, runFile, scriptsIn } from './corpus.ts';

describe("Prometheus' own scripts, on embedded ClickHouse", () => {
  const files = scriptsIn(CORPUS);
  if (files.length === 0) {
    it.skip('are not here: ../shared/promqltest is absent', () => {});
    return;
  }
  let targets: ClickHouseTargets;
  beforeAll(async () => {
    targets = await openClickHouseTargets(corpusEngine);
  });
  afterAll(() => targets.close());

  it.each(files)('%s', { timeout: 60_000 }, async (file) => {
    expect((await runFile(CORPUS, file, targets.newTarget)).failures).toEqual([]);
  });
});
