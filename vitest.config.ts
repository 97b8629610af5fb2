import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{cli,storage,collector,query,alerting,simulator,test,bench,console/src,dashboards}/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // The embedded ClickHouse engine is one per process: each file gets its own.
    pool: 'forks',
    // Many tests mostly wait, so more of them run than there are processors.
    maxWorkers: '150%',
  },
});
