import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { pageFiles } from './page-files.mjs';

/** The console, into dist/console: what the query role serves at `/`. `npx vite console` serves it while it is worked on. */
export default defineConfig(({ command }) => {
  // Also where a test builds it, which says that it is one.
  if (command === 'build') process.env.NODE_ENV = 'production';
  return {
    root: import.meta.dirname,
    plugins: [react(), pageFiles()],
    build: {
      outDir: '../dist/console',
      emptyOutDir: true,
      target: 'es2022',
      // The server's policy allows no inline code.
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      reportCompressedSize: false,
      rolldownOptions: {
        checks: { bundlerTimings: false },
        output: {
          codeSplitting: {
            // What comes before any page, and what pages share: a request for each small part of it would take longer than the part.
            groups: [
              { name: 'first', tags: ['$initial'], priority: 2 },
              { name: 'shared', minShareCount: 5, test: /^(?!.*(codemirror|lezer))/, priority: 1 },
            ],
          },
        },
      },
    },
    server: { proxy: Object.fromEntries(['/api', '/-'].map((path) => [path, 'http://127.0.0.1:9090'])) },
  };
});
