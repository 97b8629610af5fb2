import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileErrorReason } from '../../collector/secret-file.ts';
import { buildConfig } from './build-config.ts';
import type { PharosConfig } from './config.ts';
import { type FileSettings, fileShape } from './file-keys.ts';
import { glob, isPattern } from './glob.ts';
import { ConfigError, type ConfigProblem, sortProblems } from './problem.ts';
import { type Place, Reading } from './reading.ts';
import { type ScrapeSettings, scrapeFileKeys } from './scrape-keys.ts';
import { map } from './shape.ts';

export interface LoadOptions {
  /** For external_labels; default none. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /**
   * Whether a file that the configuration names and that is not there (rules, credentials, certificates) is an error.
   * A server starts without it, because it may appear later; a check should not pass. Default: warning.
   */
  readonly missingFiles?: 'warning' | 'error';
}

export interface LoadedConfig {
  readonly config: PharosConfig;
  readonly warnings: readonly ConfigProblem[];
}

const MAX_FILE_SIZE = 16 * 1024 ** 2;

/** Reads a pharos.yml or prometheus.yml and what it includes. Rejects with a ConfigError that holds every mistake. */
export async function loadConfig(file: string, options: LoadOptions = {}): Promise<LoadedConfig> {
  const start: Place = { file, line: 1, column: 1, path: '' };
  let text: string;
  try {
    text = await readText(file);
  } catch (error) {
    throw new ConfigError([{ severity: 'error', ...start, message: `cannot read it: ${fileErrorReason(error)}` }]);
  }
  return loadConfigText(text, { ...options, name: file, path: resolve(file), file: resolve(file) });
}

/** As loadConfig, from text. `name` is for messages; relative paths are relative to the directory of `path`. */
export async function loadConfigText(
  text: string,
  options: LoadOptions & { readonly name: string; readonly path: string; readonly file?: string },
): Promise<LoadedConfig> {
  const reading = new Reading();
  const settings = reading.read(fileShape, { name: options.name, path: options.path, text });
  const check: Check = { reading, severity: options.missingFiles ?? 'warning' };
  const moreScrapeConfigs = await readScrapeConfigFiles(settings, check);
  const config = buildConfig(settings, reading, {
    file: options.file,
    environment: options.environment ?? {},
    moreScrapeConfigs,
  });
  await checkFiles(settings, check);
  const problems = sortProblems(reading.problems);
  if (problems.some(({ severity }) => severity === 'error')) throw new ConfigError(problems);
  return { config, warnings: problems };
}

interface Check {
  readonly reading: Reading;
  /** Of a missing file. */
  readonly severity: ConfigProblem['severity'];
}

async function readScrapeConfigFiles(settings: FileSettings, { reading, severity }: Check): Promise<ScrapeSettings[]> {
  const found: ScrapeSettings[] = [];
  for (const [i, pattern] of settings.scrape_config_files.entries()) {
    const place = reading.placeOf(settings.scrape_config_files, i);
    for (const file of await expand(pattern, place, { reading, severity })) {
      try {
        const text = await readText(file);
        found.push(...reading.read(map(scrapeFileKeys), { name: file, path: file, text }).scrape_configs);
      } catch (error) {
        if (error instanceof ConfigError) throw error;
        reading.report(place, `cannot read ${file}: ${fileErrorReason(error)}`);
      }
    }
  }
  return found;
}

async function checkFiles(settings: FileSettings, check: Check): Promise<void> {
  const { reading, severity } = check;
  for (const [i, pattern] of settings.rule_files.entries()) {
    await expand(pattern, reading.placeOf(settings.rule_files, i), check);
  }
  for (const { path, place } of reading.namedFiles) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() !== true) reading.report(place, `expected an existing file, got ${path}`, severity);
  }
}

async function expand(pattern: string, place: Place, { reading, severity }: Check): Promise<string[]> {
  if (!/^[^*]*(?:\*[^/]*)?$/.test(pattern)) {
    reading.report(place, `expected a path with a * in its last component only, got ${pattern}`);
    return [];
  }
  try {
    const found = await glob(pattern);
    // A pattern may well match nothing yet.
    if (found.length === 0 && isPattern(pattern)) reading.report(place, `no file matches ${pattern}`, 'warning');
    else if (found.length === 0) reading.report(place, `expected an existing file, got ${pattern}`, severity);
    return found;
  } catch (error) {
    reading.report(place, error instanceof Error ? error.message : String(error));
    return [];
  }
}

async function readText(file: string): Promise<string> {
  const { size } = await stat(file);
  if (size > MAX_FILE_SIZE) throw new Error(`expected at most ${MAX_FILE_SIZE} bytes, got ${size}`);
  return readFile(file, 'utf8');
}
