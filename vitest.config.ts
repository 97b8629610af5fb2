import { defineConfig } from 'vitest/config';

const FOLDERS = '{cli,storage,collector,query,alerting,simulator,test,bench,console/src,dashboards}';
/** Where the embedded engine is opened, of which there is one per process, or programs are run. */
const ALONE = ['{cli,storage,test,bench}/**/*.test.ts', 'alerting/{contenders,restart}.test.ts'];

export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 30_000,
    pool: 'forks',
    // Many tests mostly wait, so more of them run than there are processors.
    maxWorkers: '150%',
    projects: [
      { extends: true, test: { name: 'alone', include: ALONE } },
      {
        extends: true,
        // Files one after another in a process, which then has loaded most of what they import.
        test: { name: 'together', include: [`${FOLDERS}/**/*.test.ts`], exclude: ALONE, isolate: false },
      },
    ],
  },
});
