import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** A file of the console. */
export interface PageFile {
  readonly path: string;
  readonly type: string;
  readonly body: Buffer;
  /** Whether its name changes with its content, so that it can be kept for ever. */
  readonly isImmutable: boolean;
}

/** The form in which a file is sent. */
export interface EncodedBody {
  readonly encoding: 'br' | 'gzip' | undefined;
  readonly body: Buffer;
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
 * The files of the console, read once; [] where it has not been built. The first one is the page. A simulated cluster is marked as one on every
 * view. `directory` is where it was built to, when that is not the usual place.
 */
export function pageFiles({
  isSimulated,
  directory = PLACES.find((place) => existsSync(path.join(place, 'assets'))),
}: {
  readonly isSimulated: boolean;
  readonly directory?: string;
}): readonly PageFile[] {
  if (directory === undefined) return [];
  const file = (name: string): PageFile => ({
    path: `/${name}`,
    type: TYPES[path.extname(name)] ?? 'application/octet-stream',
    body: readFileSync(path.join(directory, name)),
    isImmutable: name.startsWith('assets/'),
  });
  const page = file('index.html');
  const body = isSimulated ? withBanner(page.body) : page.body;
  return [
    { ...page, path: '/', body },
    ...readdirSync(path.join(directory, 'assets')).map((name) => file(`assets/${name}`)),
  ];
}

/** Gives a body in the smallest form that a client takes, by its Accept-Encoding; each form is made once. */
export function encodings(body: Buffer): (accept: string | undefined) => Promise<EncodedBody> {
  const made = new Map<string, Promise<Buffer>>();
  const once = (name: string, make: () => Promise<Buffer>): Promise<Buffer> => {
    const before = made.get(name);
    if (before !== undefined) return before;
    const making = make();
    made.set(name, making);
    return making;
  };
  return async (accept = '') => {
    if (body.length >= SMALL && /\bbr\b/.test(accept)) {
      const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
      return { encoding: 'br', body: await once('br', () => promisify(brotliCompress)(body, { params })) };
    }
    if (body.length >= SMALL && /\bgzip\b/.test(accept)) {
      return { encoding: 'gzip', body: await once('gzip', () => promisify(gzip)(body)) };
    }
    return { encoding: undefined, body };
  };
}

function withBanner(html: Buffer): Buffer {
  const mark = '<meta name="pharos-simulated" content="simulated">';
  return Buffer.from(html.toString().replace('<!--simulated-->', mark));
}
