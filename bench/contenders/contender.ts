import { accessSync, constants } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import type { Child, Children } from '../children.ts';

/** What a contender is started with. */
export interface ContenderOptions {
  readonly children: Children;
  /** A directory of its own: configuration, log and data. It exists. */
  readonly directory: string;
  /** Scrape configuration, as each of the three reads it. */
  readonly config: string;
  /** Further options of its command line. */
  readonly args?: readonly string[];
}

/** How much of the disk the samples take. */
export interface DiskUse {
  /** All files of the data directory when the run ended, as `du` counts them. */
  readonly now: number;
  /** Bytes of the samples alone, in the form they are kept in for good. */
  readonly samples: number;
  /** Bytes of the index of series in that form: it grows with the series, not with time. */
  readonly index: number;
  /** How they came to that form, for the reader of the table. */
  readonly how: string;
}

/** A server that scrapes the farm and answers PromQL. */
export interface Contender {
  readonly name: string;
  readonly child: Child;
  readonly url: string;
  /** Makes what was taken visible to queries, where the server has a way to ask for it. */
  flush(): Promise<void>;
  /** Compacts and measures. The server may have to be stopped for it: nothing is asked of it afterwards. */
  diskUse(): Promise<DiskUse>;
}

/** The scrape job `farm`: one target per path of the farm, each with an instance of its own. */
export function scrapeConfig(farm: {
  readonly reader: string;
  readonly port: number;
  readonly targets: number;
  /** Seconds. */
  readonly interval: number;
}): string {
  const lines = [
    'global:',
    `  scrape_interval: ${farm.interval}s`,
    `  scrape_timeout: ${farm.interval}s`,
    'scrape_configs:',
    '  - job_name: farm',
    '    static_configs:',
  ];
  for (let target = 0; target < farm.targets; target++) {
    lines.push(`      - targets: ['127.0.0.1:${farm.port}']`);
    lines.push(`        labels: { __metrics_path__: /scrape/${farm.reader}/${target}, instance: 'node-${target}' }`);
  }
  return `${lines.join('\n')}\n`;
}

/** A port that was free a moment ago: for programs that cannot say which one they took. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('the system gave no port');
  return address.port;
}

/** The first of these programs that is in PATH (or is a path that can be executed). */
export function findProgram(names: readonly string[]): string | undefined {
  for (const name of names) {
    const places = name.includes('/') ? [''] : (process.env.PATH ?? '').split(delimiter);
    for (const place of places) {
      const path = place === '' ? name : join(place, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Look on.
      }
    }
  }
  return undefined;
}

/** Bytes that the files below a directory take on the disk. */
export async function diskBytes(directory: string): Promise<number> {
  let bytes = 0;
  const seen = new Set<number>();
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    // A file may go while its neighbours are read: merges never stop.
    const stat = await lstat(join(entry.parentPath, entry.name)).catch(() => undefined);
    if (stat === undefined || seen.has(stat.ino)) continue;
    seen.add(stat.ino);
    bytes += stat.blocks * 512;
  }
  return bytes;
}
