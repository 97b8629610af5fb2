import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';

/** A file of the console, or the page as it is at one of its addresses. */
export interface PageFile {
  /** Where it is; `:name` is any part of a path, `*` any rest of one. */
  readonly path: string;
  readonly type: string;
  readonly body: Buffer;
  /** Its smaller forms, made when it was built. */
  readonly compressed?: { readonly br: Buffer; readonly gzip: Buffer };
  /** Whether its name changes with its content, so that it can be kept for ever. */
  readonly isImmutable: boolean;
}

/** The form in which a file is sent. */
export interface EncodedBody {
  readonly encoding: 'br' | 'gzip' | undefined;
  readonly body: Buffer;
}

/** What the build says of a page: the pattern of its address, and the files that it needs beside those that index.html names. */
interface BuiltPage {
  readonly path: string;
  readonly files: readonly string[];
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
const SMALL = 1_000;

// Beside the compiled program, or below the source.
const PLACES = ['../console', '../dist/console'].map((place) => fileURLToPath(new URL(place, import.meta.url)));

/**
 * The console, read once: the page at each of its addresses, and its files; [] where it has not been built. At an address the page names all
 * that it needs there, so that nothing is asked for only after something else has come. A simulated cluster is marked as one on every view.
 * `directory` is where it was built to, when that is not the usual place.
 */
export function pageFiles({
  isSimulated,
  directory = PLACES.find((place) => existsSync(path.join(place, 'pages.json'))),
}: {
  readonly isSimulated: boolean;
  readonly directory?: string;
}): readonly PageFile[] {
  if (directory === undefined) return [];
  const read = (name: string): Buffer => readFileSync(path.join(directory, name));
  const built = read('index.html').toString();
  const html = isSimulated ? withBanner(built) : built;
  const pages: readonly BuiltPage[] = JSON.parse(read('pages.json').toString());
  const view = (address: string, files: readonly string[] = []): PageFile => ({
    path: address,
    type: TYPES['.html']!,
    body: Buffer.from(withFiles(html, files)),
    isImmutable: false,
  });
  // Below them the page itself says what is not there.
  const sections = new Set(pages.map((page) => page.path.split('/')[1]!).filter((name) => name !== ''));
  const names = new Set(readdirSync(path.join(directory, 'assets')).map((name) => `assets/${name}`));
  return [
    ...pages.map((page) => view(page.path, page.files)),
    ...[...sections].map((name) => view(`/${name}/*`)),
    ...[...names]
      .filter((name) => TYPES[path.extname(name)] !== undefined)
      .map((name) => ({
        path: `/${name}`,
        type: TYPES[path.extname(name)]!,
        body: read(name),
        isImmutable: true,
        ...(names.has(`${name}.br`) && { compressed: { br: read(`${name}.br`), gzip: read(`${name}.gz`) } }),
      })),
  ];
}

/** Gives a file in the smallest form that a client takes, by its Accept-Encoding; what was not made when it was built is made once. */
export function encodings({
  body,
  compressed,
}: Pick<PageFile, 'body' | 'compressed'>): (accept: string | undefined) => Promise<EncodedBody> {
  const made = new Map<string, Promise<Buffer>>();
  const once = (name: string, make: () => Promise<Buffer>): Promise<Buffer> => {
    const before = made.get(name);
    if (before !== undefined) return before;
    const making = make();
    made.set(name, making);
    return making;
  };
  return async (accept = '') => {
    const isSmall = body.length < SMALL;
    if (!isSmall && /\bbr\b/.test(accept)) {
      return { encoding: 'br', body: compressed?.br ?? (await once('br', () => promisify(brotliCompress)(body))) };
    }
    if (!isSmall && /\bgzip\b/.test(accept)) {
      return { encoding: 'gzip', body: compressed?.gzip ?? (await once('gzip', () => promisify(gzip)(body))) };
    }
    return { encoding: undefined, body };
  };
}

function withBanner(html: string): string {
  return html.replace('<!--simulated-->', '<meta name="pharos-simulated" content="simulated">');
}

function withFiles(html: string, files: readonly string[]): string {
  const links = files.map((name) => {
    const rel = name.endsWith('.css') ? 'stylesheet' : 'modulepreload';
    return `  <link rel="${rel}" crossorigin href="/${name}">\n`;
  });
  return html.replace('</head>', () => `${links.join('')}</head>`);
}
