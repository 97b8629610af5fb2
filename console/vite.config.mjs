import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The console, into dist/console: what the query role serves at `/`. `npx vite console` serves it while it is worked on. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: '../dist/console',
    emptyOutDir: true,
    target: 'es2022',
    // The server's policy allows no inline code.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: { proxy: Object.fromEntries(['/api', '/-'].map((path) => [path, 'http://127.0.0.1:9090'])) },
});
