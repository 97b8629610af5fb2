import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { QueryEngine } from '../../query/query-result.ts';
import { openClickHouseStorage } from '../../storage/clickhouse/storage.ts';
import { Matcher } from '../../storage/matcher.ts';
import type { Querier, Selection } from '../../storage/querier.ts';
import type { SampleBlock, SeriesSet } from '../../storage/series.ts';
import type { TargetFactory } from './run-script.ts';
import { targetOn } from './target-on.ts';

/**
 * A label that tells the targets' series apart within one database: making a database for each target would take longer
 * than the scripts do. Its name sorts before every other, so that the order of series does not depend on it.
 */
const TARGET = '!';

export interface ClickHouseTargets {
  /** Targets on one embedded ClickHouse, through its writer and querier. */
  readonly newTarget: TargetFactory;
  /** Ends ClickHouse and removes its data. */
  close(): Promise<void>;
}

export async function openClickHouseTargets(newEngine: (querier: Querier) => QueryEngine): Promise<ClickHouseTargets> {
  const dataDir = mkdtempSync(join(tmpdir(), 'pharos-promqltest-'));
  const storage = await openClickHouseStorage({
    clickhouse: { embedded: { path: join(dataDir, 'db') } },
    dataDir,
    retention: 0,
    commitInterval: 1,
  });
  let targets = 0;
  return {
    newTarget: async () => {
      const target = String(targets++);
      const querier = new TargetQuerier(target, storage.querier);
      return targetOn({
        engine: newEngine(querier),
        appender: storage.appender,
        mark: (labels) => labels.with(TARGET, target),
        flush: async () => {
          await storage.flush(AbortSignal.timeout(30_000));
          querier.forget();
        },
        close: async () => {},
      });
    },
    async close() {
      await storage.close(10_000);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/**
 * The querier as if there were no series but the target's. The many wordings of one eval read the same samples: what was
 * read is kept until more is loaded.
 */
class TargetQuerier implements Querier {
  readonly #matcher: Matcher;
  readonly #querier: Querier;
  readonly #read = new Map<string, Promise<SeriesSet>>();

  constructor(target: string, querier: Querier) {
    this.#matcher = new Matcher(TARGET, '=', target);
    this.#querier = querier;
  }

  forget(): void {
    this.#read.clear();
  }

  select(selection: Selection, signal: AbortSignal): Promise<SeriesSet> {
    const { matchers, start, end } = selection;
    const key = JSON.stringify([start, end, matchers.map(({ name, op, value }) => [name, op, value])]);
    let read = this.#read.get(key);
    if (read === undefined) this.#read.set(key, (read = this.#readAll(selection, signal)));
    return read;
  }

  async #readAll(selection: Selection, signal: AbortSignal): Promise<SeriesSet> {
    const matchers = [...selection.matchers, this.#matcher];
    const set = await this.#querier.select({ ...selection, matchers }, signal);
    const parts = new Map<string, SampleBlock[]>();
    return {
      series: set.series.map((labels) => labels.with(TARGET, '')),
      async *blocks(part) {
        const key = JSON.stringify(part ?? null);
        const kept = parts.get(key);
        if (kept !== undefined) return yield* kept;
        const blocks: SampleBlock[] = [];
        for await (const block of set.blocks(part)) blocks.push(block);
        parts.set(key, blocks);
        yield* blocks;
      },
    };
  }

  series(): never {
    return unused();
  }

  labelNames(): never {
    return unused();
  }

  labelValues(): never {
    return unused();
  }

  metadata(): never {
    return unused();
  }
}

function unused(): never {
  throw new Error('scripts only select samples');
}
