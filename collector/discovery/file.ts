import { type FSWatcher, watch } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import type { FileDiscoveryConfig, TargetGroup } from '../scrape/scrape-config.ts';
import { fileErrorReason } from '../secret-file.ts';
import type { Discovery, DiscoveryReport } from './discovery.ts';
import { parseTargetGroups } from './target-groups.ts';

const MAX_FILE_SIZE = 32 * 1024 ** 2;

/** Editors and configuration tools change a file in several steps. */
const SETTLE = 100;

/**
 * Targets listed in JSON and YAML files, read again when their directory reports a change and at every refresh
 * interval. A bad file keeps what it held before; a removed file takes its targets with it. Targets get the label
 * `__meta_filepath`.
 */
export function fileDiscovery(
  config: FileDiscoveryConfig,
  { report }: { readonly report: DiscoveryReport },
): Discovery {
  return {
    async run(emit, signal) {
      const files = new Map<string, FileContent>();
      const watchers = new DirectoryWatchers(config.files.map((pattern) => dirname(pattern)));
      let isFirst = true;
      try {
        while (!signal.aborted) {
          // Watching begins before reading, so that no change falls between the two.
          watchers.open();
          const changed = await refresh(config.files, files, report);
          if (signal.aborted) return;
          if (changed || isFirst) emit([...files.values()].flatMap(({ groups }) => groups));
          isFirst = false;
          await watchers.changed(config.refreshInterval, signal);
        }
      } finally {
        watchers.close();
      }
    },
  };
}

interface FileContent {
  /** What stat said when it was read. */
  stamp: string;
  groups: readonly TargetGroup[];
}

/** Brings the map up to date; true when the groups of any file changed. */
async function refresh(
  patterns: readonly string[],
  files: Map<string, FileContent>,
  report: DiscoveryReport,
): Promise<boolean> {
  const present = new Set((await Promise.all(patterns.map(matching))).flat());
  let changed = false;
  for (const path of files.keys()) {
    if (present.has(path)) continue;
    files.delete(path);
    report.recovered(path);
    changed = true;
  }
  for (const path of [...present].sort()) {
    try {
      const { mtimeNs, size, ino } = await stat(path, { bigint: true });
      const stamp = `${mtimeNs}/${size}/${ino}`;
      if (files.get(path)?.stamp === stamp) continue;
      if (size > MAX_FILE_SIZE) throw new Error(`expected at most ${MAX_FILE_SIZE} bytes, got ${size}`);
      const groups = parseFile(path, await readFile(path, 'utf8'));
      files.set(path, { stamp, groups });
      report.recovered(path);
      changed = true;
    } catch (error) {
      // A YAML error quotes lines of the file below its first line.
      report.failed(path, new Error(fileErrorReason(error).split('\n')[0]!, { cause: error }));
    }
  }
  return changed;
}

function parseFile(path: string, text: string): TargetGroup[] {
  const data: unknown = /\.json$/i.test(path) ? JSON.parse(text) : parseYaml(text);
  return parseTargetGroups(data, { source: path, labels: { __meta_filepath: path } });
}

/** The files that a path with at most one `*`, in its last component, names. */
async function matching(pattern: string): Promise<string[]> {
  const name = basename(pattern);
  const star = name.indexOf('*');
  if (star < 0) {
    const found = await stat(pattern).catch(() => undefined);
    return found === undefined ? [] : [pattern];
  }
  const head = name.slice(0, star);
  const tail = name.slice(star + 1);
  const directory = dirname(pattern);
  const names = await readdir(directory).catch(() => []);
  return names
    .filter((name) => name.length >= head.length + tail.length && name.startsWith(head) && name.endsWith(tail))
    .map((name) => join(directory, name));
}

/** Tells of any change in some directories. A directory that is missing or cannot be watched is tried again later. */
class DirectoryWatchers {
  readonly #directories: ReadonlySet<string>;
  readonly #watchers = new Map<string, FSWatcher>();
  #isDirty = false;
  #wake: (() => void) | undefined;

  constructor(directories: Iterable<string>) {
    this.#directories = new Set(directories);
  }

  open(): void {
    for (const directory of this.#directories) {
      if (this.#watchers.has(directory)) continue;
      try {
        const watcher = watch(directory, { persistent: false }, () => this.#notice());
        watcher.on('error', () => this.#drop(directory));
        this.#watchers.set(directory, watcher);
      } catch {
        // The refresh interval has to do.
      }
    }
  }

  /** Resolves some time after a change, or when the interval is over or the signal aborts. */
  async changed(interval: number, signal: AbortSignal): Promise<void> {
    await this.#wait(interval, signal, () => this.#isDirty);
    if (!this.#isDirty) {
      // A directory that was replaced is still the old one to its watcher.
      this.close();
      return;
    }
    await this.#wait(SETTLE, signal, () => false);
    this.#isDirty = false;
  }

  close(): void {
    for (const directory of [...this.#watchers.keys()]) this.#drop(directory);
  }

  #notice(): void {
    this.#isDirty = true;
    this.#wake?.();
  }

  #drop(directory: string): void {
    this.#watchers.get(directory)?.close();
    this.#watchers.delete(directory);
  }

  #wait(milliseconds: number, signal: AbortSignal, isOver: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted || isOver()) return resolve();
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      signal.addEventListener('abort', end, { once: true });
      this.#wake = () => isOver() && end();
    });
  }
}
