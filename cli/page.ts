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

/** The files of the built-in page, read once. A simulated cluster is marked as one on every view. */
export function pageFiles({ isSimulated }: { readonly isSimulated: boolean }): readonly PageFile[] {
  const directory = ['../console', '../../console']
    .map((place) => fileURLToPath(new URL(place, import.meta.url)))
    .find((place) => existsSync(path.join(place, 'index.html')));
  if (directory === undefined) return [];
  const file = (name: string, transform = (body: Buffer) => body) => ({
    type: TYPES[path.extname(name)]!,
    body: transform(readFileSync(path.join(directory, name))),
  });
  const page = file('index.html', isSimulated ? withBanner : undefined);
  return [
    { path: '/', ...page },
    // Where the links of alerts lead, as with Prometheus.
    { path: '/graph', ...page },
    ...['page.css', 'page.js'].map((name) => ({ path: `/${name}`, ...file(name) })),
  ];
}

function withBanner(html: Buffer): Buffer {
  const banner =
    '<p class="simulated" role="note">The cluster &quot;simulated&quot; on this page is played by --demo: it is not real</p>';
  return Buffer.from(html.toString().replace('<body>', `<body>\n    ${banner}`));
}
