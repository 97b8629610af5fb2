import type { Storage } from '../storage.ts';
import type { RecentSamples } from './recent-samples.ts';

/** The store of `recent`, of which every metric that is appended is wanted, so far back. */
export function wantingAll(recent: RecentSamples, reach: number): Storage {
  const { storage } = recent;
  const wanted = new Map<string, number>();
  return {
    ...storage,
    appender: {
      acquire(labels) {
        if (labels.metric !== '' && !wanted.has(labels.metric)) {
          wanted.set(labels.metric, reach);
          recent.want('test', wanted);
        }
        return storage.appender.acquire(labels);
      },
      release: (refs) => storage.appender.release(refs),
      append: (batch) => storage.appender.append(batch),
      describe: (metadata) => storage.appender.describe(metadata),
    },
    async flush(signal) {
      await storage.flush(signal);
      await recent.settled();
    },
    async deleteSamples(deletion, signal) {
      await storage.deleteSamples(deletion, signal);
      await recent.settled();
    },
  };
}
