import { COLUMN } from '../load/columns.ts';
import type { Load } from '../load/load.ts';
import type { Meters } from '../load/meters.ts';
import type { RunningContainer } from '../runtime/machine.ts';
import { SECONDS, shareBelow } from './histogram.ts';
import { goNumber, type PageWriter } from './page-writer.ts';
import { writeProcess } from './process-families.ts';

/** Half of the requests are answered in this time (seconds), and of those that the container had no CPU for. */
const FAST = 0.018;
const SLOW = 0.7;

/** The page of an application that serves requests: their number and durations are those of the load. */
export function writeApplication(
  writer: PageWriter,
  container: RunningContainer,
  { meters, load, now }: { readonly meters: Meters; readonly load: Load; readonly now: number },
): void {
  const { row, name, startedAt, pod } = container;
  const all = meters.value(row, COLUMN.requests, now);
  const slow = meters.value(row, COLUMN.slowRequests, now);
  const failed = meters.value(row, COLUMN.failedRequests, now);
  writer.family('http_requests_total', 'counter', 'Requests answered.');
  for (const [method, share] of [
    ['GET', 0.8],
    ['POST', 0.2],
  ] as const) {
    const lines = [
      ['200', (all - failed) * 0.98],
      ['404', (all - failed) * 0.02],
      ['500', failed],
    ] as const;
    for (const [code, count] of lines)
      writer.sample(
        `http_requests_total{code="${code}",method="${method}",service="${name}"}`,
        Math.floor(count * share),
      );
  }
  const family = 'http_request_duration_seconds';
  writer.family(family, 'histogram', 'How long requests took.');
  for (const bound of SECONDS) {
    const count = (all - slow) * shareBelow(bound, FAST) + slow * shareBelow(bound, SLOW);
    writer.sample(`${family}_bucket{service="${name}",le="${goNumber(bound)}"}`, Math.floor(count));
  }
  writer.sample(`${family}_bucket{service="${name}",le="+Inf"}`, Math.floor(all));
  writer.sample(`${family}_sum{service="${name}"}`, Math.LOG2E * ((all - slow) * FAST + slow * SLOW));
  writer.sample(`${family}_count{service="${name}"}`, Math.floor(all));
  const rate = meters.rate(row, COLUMN.requests);
  writer.family('http_requests_in_flight', 'gauge', 'Requests that are being answered.');
  writer.sample(`http_requests_in_flight{service="${name}"}`, Math.round(rate * (FAST + 0.02 * SLOW)));
  writer.family('queue_length', 'gauge', 'Work that waits.');
  writer.sample(`queue_length{service="${name}"}`, Math.round(meters.rate(row, COLUMN.slowRequests) * 2));
  if (pod.profile.name === 'worker') {
    writer.family('queue_messages', 'gauge', 'Messages in the queue that all pods of the worker take from.');
    writer.sample(`queue_messages{queue="${name}"}`, load.queueOf(pod, now));
  }
  writeProcess(writer, { meters, row, startedAt, now, goroutines: 14 + Math.round(rate) });
}
