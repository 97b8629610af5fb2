import { setImmediate as nextTurn } from 'node:timers/promises';
import { METRIC_NAME } from '../storage/labels.ts';
import { Matcher } from '../storage/matcher.ts';
import type { Querier } from '../storage/querier.ts';
import { SampleTable } from '../storage/sample-table.ts';
import { newWindow } from '../storage/sample-window.ts';
import { withDeadline } from './deadline.ts';
import type { ReadSamples, SampleReader, SampleRequest, SeriesRows } from './sample-reader.ts';

/** Requests that are answered before others have a turn. */
const IN_ONE_GO = 4;

export interface QuerierReaderOptions {
  /** Milliseconds that one request may take. Default: 60 s. */
  readonly timeout?: number;
  /** Requests at a time. Default: 4. */
  readonly concurrency?: number;
}

/** Reads through a Querier: the store, or a window on it that serves the recent past from memory. */
export function createQuerierReader(
  querier: Pick<Querier, 'select'>,
  { timeout = 60_000, concurrency = 4 }: QuerierReaderOptions = {},
): SampleReader {
  return async (requests, take, signal) => {
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < requests.length) {
        signal.throwIfAborted();
        const index = next++;
        const request = requests[index]!;
        const message = `reading ${request.metric} must end within ${timeout / 1000} s`;
        let answer: ReadSamples | Error;
        try {
          answer = await withDeadline((within) => read(querier, request, within), { signal, timeout, message });
        } catch (error) {
          signal.throwIfAborted();
          answer = error instanceof Error ? error : new Error(String(error));
        }
        take(index, answer);
        // Whoever takes the samples computes; others must not wait for all of it.
        if (index % IN_ONE_GO === IN_ONE_GO - 1) await nextTurn();
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, requests.length) }, work));
  };
}

async function read(
  querier: Pick<Querier, 'select'>,
  { metric, matchers = [], from, to }: SampleRequest,
  signal: AbortSignal,
): Promise<ReadSamples> {
  const selection = { matchers: [new Matcher(METRIC_NAME, '=', metric), ...matchers], start: from + 1, end: to };
  const set = await querier.select(selection, signal);
  const { series } = set;
  if (set.locate !== undefined) {
    const window = newWindow(selection.start, selection.end);
    return {
      series,
      locate(index: number, rows: SeriesRows) {
        set.locate!(index, window);
        rows.timestamps = window.timestamps;
        rows.values = window.values;
        rows.stale = window.stale;
        rows.from = window.from;
        rows.to = window.to;
      },
    };
  }
  const table = new SampleTable(series.length);
  for await (const block of set.blocks()) table.add(block);
  return {
    series,
    locate(index: number, rows: SeriesRows) {
      const { length, timestamps, values, stale } = table.read(index);
      rows.timestamps = timestamps;
      rows.values = values;
      rows.stale = stale;
      rows.from = 0;
      rows.to = length;
    },
  };
}
