import { performance } from 'node:perf_hooks';
import { formatTable } from '../../cli/table.ts';
import type { Contender } from '../contenders/contender.ts';
import { ask, type Question } from './ask.ts';
import { cpuSeconds } from './process-cpu.ts';
import { milliseconds } from './rows.ts';

/** How long the processor time is followed after the client has gone, ms. */
const WATCH_MS = 3_000;
const SAMPLE_EVERY_MS = 10;
const RUNS = 3;

/** What a server did after its client had gone in the middle of a query. Times are milliseconds; the slowest run's. */
export interface KillResult {
  /** How long the query takes when nobody goes. */
  readonly whole: number;
  /** When the client went. */
  readonly killedAfter: number;
  /** Until the process was idle again; Infinity when it was not while it was watched. */
  readonly idleAfter: number;
  /** Processor time that was spent after the client had gone. */
  readonly cpuAfter: number;
}

/** Closes the connection when a third of the query's time is over, and follows the server's processor time. */
export async function measureKill({ url, child }: Contender, question: Question): Promise<KillResult> {
  const whole = (await ask(url, question)).milliseconds;
  let slowest: KillResult | undefined;
  for (let run = 0; run < RUNS; run++) {
    const result = await killOnce(url, child.pid, { question, whole });
    if (slowest === undefined || result.idleAfter > slowest.idleAfter) slowest = result;
  }
  return slowest!;
}

async function killOnce(
  url: string,
  pid: number,
  { question, whole }: { readonly question: Question; readonly whole: number },
): Promise<KillResult> {
  await sleep(1_000);
  const client = new AbortController();
  const killedAfter = whole / 3;
  const asked = ask(url, question, { signal: client.signal }).then(
    () => 'answered',
    () => 'gone',
  );
  await sleep(killedAfter);
  client.abort();
  const gone = performance.now();
  const samples: CpuSample[] = [{ time: 0, cpu: cpuSeconds(pid) }];
  if ((await asked) === 'answered') throw new Error('the query ended before its client went; use a larger data set');
  while (performance.now() - gone < WATCH_MS) {
    await sleep(SAMPLE_EVERY_MS);
    samples.push({ time: performance.now() - gone, cpu: cpuSeconds(pid) });
  }
  return {
    whole,
    killedAfter,
    idleAfter: idleFrom(samples),
    cpuAfter: (samples.at(-1)!.cpu - samples[0]!.cpu) * 1000,
  };
}

/** Processor seconds that were used at a time (ms). */
export interface CpuSample {
  readonly time: number;
  readonly cpu: number;
}

/** What a process that has nothing to do may use, of one core: clocks, idle connections, the log. */
const IDLE_SHARE = 0.1;
/** The least time over which a share is taken: the kernel counts in steps of 10 ms. */
const IDLE_WINDOW_MS = 300;

/** The first time from which on the process is idle until the last sample; Infinity when it is not at the end. */
export function idleFrom(samples: readonly CpuSample[]): number {
  const last = samples.at(-1);
  if (last === undefined) return Number.POSITIVE_INFINITY;
  let idle = Number.POSITIVE_INFINITY;
  for (let from = samples.length - 1; from >= 0; from--) {
    const { time, cpu } = samples[from]!;
    const until = samples.find((sample) => sample.time >= time + IDLE_WINDOW_MS);
    // Near the end there is no whole window left: those samples are judged as part of earlier ones.
    if (until === undefined) continue;
    if ((until.cpu - cpu) * 1000 > IDLE_SHARE * (until.time - time)) break;
    idle = time;
  }
  return idle;
}

export function killTable(results: ReadonlyMap<string, KillResult>): string {
  const cells = [...results].map(([name, { whole, killedAfter, idleAfter, cpuAfter }]) => [
    name,
    milliseconds(whole),
    milliseconds(killedAfter),
    Number.isFinite(idleAfter) ? idleAfter.toFixed(0) : `not within ${WATCH_MS}`,
    cpuAfter.toFixed(0),
  ]);
  return formatTable(['the client goes, ms', 'whole query', 'gone after', 'idle after another', 'CPU after it'], cells);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
