import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'vite';

/** Bundles the console as it is now into a new directory, which is the caller's to remove. */
export async function buildConsole(): Promise<string> {
  const directory = mkdtempSync(path.join(tmpdir(), 'pharos-console-'));
  const root = path.join(import.meta.dirname, '../../console');
  const before = process.env.NODE_ENV;
  try {
    await build({
      root,
      configFile: path.join(root, 'vite.config.mjs'),
      logLevel: 'silent',
      build: { outDir: directory },
    });
  } finally {
    // Which the build sets.
    process.env.NODE_ENV = before;
  }
  return directory;
}
