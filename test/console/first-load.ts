import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

/** What a browser loads before anything of a built console can be seen: the page and the files that it names, with their compressed sizes in bytes. */
export function firstLoad(directory: string): readonly { readonly name: string; readonly size: number }[] {
  const html = readFileSync(path.join(directory, 'index.html'), 'utf8');
  const named = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, name]) => name!);
  return ['index.html', ...named].map((name) => ({
    name,
    size: gzipSync(readFileSync(path.join(directory, name))).length,
  }));
}
