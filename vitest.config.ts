import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const FOLDERS = '{cli,storage,collector,query,alerting,simulator,test,bench,console/src,dashboards}';
/** Where the embedded engine is opened: there is one per process, and opening a second one is an error. */
const WITH_ENGINE = [
  'storage/clickhouse/**/*.test.ts',
  'cli/open-storage.test.ts',
  'alerting/contenders.test.ts',
  'test/{push-down,autoscaling/usage-embedded,promqltest/corpus-clickhouse}.test.ts',
];
/** Those that take longest, mostly waiting: begun first and in processes of their own, so that nothing waits for them in the end. */
const SLOW = [
  'test/alerting/roles.test.ts',
  'test/server.test.ts',
  'test/promqltest/corpus-clickhouse.test.ts',
  'test/kubernetes/faults.test.ts',
  'test/kubernetes/monitor.test.ts',
  'storage/clickhouse/http.test.ts',
  'storage/clickhouse/storage.test.ts',
  'alerting/contenders.test.ts',
  'test/push-down.test.ts',
  'storage/clickhouse/embedded.test.ts',
  'test/simulator/kubectl.test.ts',
  'test/edge/edge.test.ts',
  'test/autoscaling/fault-table.test.ts',
];

const ALONE = [...WITH_ENGINE, ...SLOW];

class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = SLOW.findIndex((slow) => moduleId.endsWith(`/${slow}`));
      return found < 0 ? SLOW.length : found;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 30_000,
    pool: 'forks',
    // Many tests mostly wait, so more of them run than there are processors.
    maxWorkers: '150%',
    sequence: { sequencer: SlowFirst },
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
