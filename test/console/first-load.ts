import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

/** What a browser loads when it opens a page of a built console for the first time. */
export interface FirstLoad {
  /** The pattern of the page's address. */
  readonly path: string;
  readonly files: readonly string[];
  /** Bytes, compressed by gzip, which is what a browser takes from another machine without TLS. */
  readonly size: number;
}

/** The first load of each page: index.html and the files that it names there, as the server gives it. */
export function firstLoads(directory: string): readonly FirstLoad[] {
  const read = (name: string): Buffer => readFileSync(path.join(directory, name));
  const html = read('index.html').toString();
  const always = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, name]) => name!);
  const pages = JSON.parse(read('pages.json').toString()) as { readonly path: string; readonly files: string[] }[];
  return pages.map((page) => {
    const files = ['index.html', ...always, ...page.files];
    return { path: page.path, files, size: files.reduce((sum, name) => sum + gzipSync(read(name)).length, 0) };
  });
}
