import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export interface PageFile {
  readonly path: string;
  readonly type: string;
  readonly body: Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

/** The files of the built-in page, read once. */
export function pageFiles(): readonly PageFile[] {
  const directory = ['../console', '../../console']
    .map((place) => fileURLToPath(new URL(place, import.meta.url)))
    .find((place) => existsSync(path.join(place, 'index.html')));
  if (directory === undefined) return [];
  return ['index.html', 'page.css', 'page.js'].map((name) => ({
    path: name === 'index.html' ? '/' : `/${name}`,
    type: TYPES[path.extname(name)]!,
    body: readFileSync(path.join(directory, name)),
  }));
}
