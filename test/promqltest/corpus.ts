import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createEngine } from '../../query/engine.ts';
import { ALL_FEATURES } from '../../query/promql/features.ts';
import type { QueryEngine } from '../../query/query-result.ts';
import type { Querier } from '../../storage/querier.ts';
import { KNOWN_GAPS } from './known-gaps.ts';
import { runScript, type TargetFactory } from './run-script.ts';
import { type Verdict, verdict } from './verdict.ts';

/** Where Prometheus' own scripts lie beside the sources, seen from the directory that the command or the tests run in. */
export const CORPUS = path.resolve('../shared/promqltest');

/** The engine with the settings that Prometheus' scripts assume. */
export function corpusEngine(querier: Querier): QueryEngine {
  return createEngine({ querier, features: ALL_FEATURES, maxSamples: 10_000 });
}

/** The names of a directory's scripts; none when there is no such directory. */
export function scriptsIn(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory).filter((file) => /\.(test|promql)$/.test(file));
}

/** Runs a script of a directory. The known gaps count for the corpus only. */
export async function runFile(directory: string, file: string, newTarget: TargetFactory): Promise<Verdict> {
  const outcomes = await runScript(readFileSync(path.join(directory, file), 'utf8'), newTarget);
  return verdict(file, outcomes, directory === CORPUS ? (KNOWN_GAPS[file] ?? {}) : undefined);
}
