import path from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { PAGE_MODULES } from './src/app/page-modules.ts';

const PAGES = path.join(import.meta.dirname, 'src/pages');
/** Files of fewer bytes are sent as they are. */
const SMALL = 1_000;

/**
 * Adds to the bundle what the server needs to give it: `pages.json`, which says for each pattern of an address which files its page needs
 * beside those that index.html names, and the larger files compressed, as FILE.br and FILE.gz.
 * @returns {import('vite').Plugin}
 */
export function pageFiles() {
  return {
    name: 'page-files',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      async handler(_, bundle) {
        const chunks = Object.values(bundle).filter(({ type }) => type === 'chunk');
        const always = filesOf(
          chunks.find(({ isEntry }) => isEntry),
          bundle,
        );
        const pages = Object.entries(PAGE_MODULES).map(([address, module]) => {
          const own = chunks.find(({ facadeModuleId }) => facadeModuleId === path.join(PAGES, `${module}.tsx`));
          if (own === undefined) throw new Error(`${address}: there is no module pages/${module}.tsx`);
          return { path: address, files: [...filesOf(own, bundle)].filter((file) => !always.has(file)) };
        });
        this.emitFile({ type: 'asset', fileName: 'pages.json', source: JSON.stringify(pages) });
        const compressed = Object.values(bundle).map(async (output) => {
          const body = Buffer.from(output.type === 'chunk' ? output.code : output.source);
          if (body.length < SMALL || !output.fileName.startsWith('assets/')) return;
          const params = { [constants.BROTLI_PARAM_SIZE_HINT]: body.length };
          const [br, gz] = await Promise.all([
            promisify(brotliCompress)(body, { params }),
            promisify(gzip)(body, { level: 9 }),
          ]);
          this.emitFile({ type: 'asset', fileName: `${output.fileName}.br`, source: br });
          this.emitFile({ type: 'asset', fileName: `${output.fileName}.gz`, source: gz });
        });
        await Promise.all(compressed);
      },
    },
  };
}

/** A chunk's file, the styles of it, and those of what it imports at once. */
function filesOf(chunk, bundle, files = new Set()) {
  if (chunk === undefined || files.has(chunk.fileName)) return files;
  files.add(chunk.fileName);
  for (const css of chunk.viteMetadata.importedCss) files.add(css);
  for (const name of chunk.imports) filesOf(bundle[name], bundle, files);
  return files;
}
