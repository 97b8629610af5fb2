import { readFileSync } from 'node:fs';

/** The version of this program, from package.json (two folders up from dist/cli, one from cli). */
export const VERSION: string = readVersion();

function readVersion(): string {
  for (const place of ['../package.json', '../../package.json']) {
    try {
      const found = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (found.name === 'pharos' && found.version !== undefined) return found.version;
    } catch {
      // Not there: look in the next place.
    }
  }
  return 'unknown';
}

/**
 * The Prometheus whose HTTP API is served. Clients such as Grafana decide by this number what they may ask for, so
 * status/buildinfo says it in the place of the program's own.
 */
export const PROMETHEUS_VERSION = '3.5.0';
