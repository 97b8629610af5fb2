import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';

/** What a browser loads when it opens a page of a built console for the first time. */
export interface FirstLoad {
  /** The pattern of the page's address. */
  readonly path: string;
  readonly files: readonly string[];
  /** Bytes, compressed by Brotli: what a browser takes over TLS, and from its own machine. */
  readonly brotli: number;
  /** Bytes, compressed by gzip: what it takes from another machine without TLS. */
  readonly gzip: number;
}

/** The first load of each page: index.html and the files that it names there, as the server gives it. */
export function firstLoads(directory: string): readonly FirstLoad[] {
  const read = (name: string): Buffer => readFileSync(path.join(directory, name));
  const existing = (name: string): Buffer | undefined =>
    existsSync(path.join(directory, name)) ? read(name) : undefined;
  const html = read('index.html').toString();
  const always = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, name]) => name!);
  const pages = JSON.parse(read('pages.json').toString()) as { readonly path: string; readonly files: string[] }[];
  return pages.map((page) => {
    const files = ['index.html', ...always, ...page.files];
    const sizeAs = (form: '.br' | '.gz', compress: (body: Buffer) => Buffer): number =>
      files.reduce((sum, name) => sum + (existing(`${name}${form}`) ?? compress(read(name))).length, 0);
    return { path: page.path, files, brotli: sizeAs('.br', brotliCompressSync), gzip: sizeAs('.gz', gzipSync) };
  });
}
