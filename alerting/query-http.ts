import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { Labels } from '../storage/labels.ts';
import { withDeadline } from './deadline.ts';
import type { QueryFunc, QueryVector } from './query-func.ts';

export interface HttpQueryOptions {
  /** The server, with a path prefix if it has one. */
  readonly url: string;
  /** Of one attempt, in milliseconds. Default: 30 s. */
  readonly timeout?: number;
  readonly headers?: () => Promise<Record<string, string>>;
  /** Bytes of an answer at most. Default: 64 MiB. */
  readonly maxBody?: number;
}

const RETRY_PAUSE = 500;

/** Queries over Prometheus' HTTP API. What may have been a passing fault is tried a second time. */
export function createHttpQuery(options: HttpQueryOptions): QueryFunc {
  const url = `${options.url.replace(/\/+$/, '')}/api/v1/query`;
  return async (expr, time, signal) => {
    const first = await attempt(url, { options, expr, time, signal });
    if (!(first instanceof PassingFault)) return first;
    await sleep(RETRY_PAUSE * (0.5 + Math.random() / 2), undefined, { signal });
    const second = await attempt(url, { options, expr, time, signal });
    if (second instanceof PassingFault) throw new Error(second.reason);
    return second;
  };
}

class PassingFault {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

interface Attempt {
  readonly options: HttpQueryOptions;
  readonly expr: string;
  readonly time: number;
  readonly signal: AbortSignal;
}

async function attempt(url: string, { options, expr, time, signal }: Attempt): Promise<QueryVector | PassingFault> {
  const { timeout = 30_000, headers, maxBody = 64 * 1024 * 1024 } = options;
  let status: number;
  let text: string;
  const late = `the query server gave no answer within ${timeout} ms`;
  try {
    ({ status, text } = await withDeadline(
      async (within) => {
        const response = await request(url, {
          method: 'POST',
          headers: { ...(await headers?.()), 'content-type': 'application/x-www-form-urlencoded' },
          body: new URLSearchParams({ query: expr, time: String(time / 1000) }).toString(),
          signal: within,
        });
        const chunks: Buffer[] = [];
        let size = 0;
        for await (const chunk of response.body as AsyncIterable<Buffer>) {
          size += chunk.length;
          if (size > maxBody)
            throw new TooLarge(`the query server's answer must be at most ${maxBody} bytes, got more`);
          chunks.push(chunk);
        }
        return { status: response.statusCode, text: Buffer.concat(chunks).toString('utf8') };
      },
      { signal, timeout, message: late },
    ));
  } catch (error) {
    if (signal.aborted || error instanceof TooLarge) throw error;
    if (error instanceof Error && error.message === late) return new PassingFault(late);
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
    return new PassingFault(`the query server could not be reached: ${code}`);
  }
  const answer = parsed(text);
  if (answer?.status === 'success' && status === 200) return vector(answer.data);
  const reason = answer?.error ?? 'its answer is not that of a Prometheus API';
  const message = `the query server answered ${status}: ${reason}`;
  if (status === 429 || status >= 500) return new PassingFault(message);
  throw new Error(message);
}

class TooLarge extends Error {}

interface Answer {
  readonly status?: unknown;
  readonly error?: string;
  readonly data?: unknown;
}

function parsed(text: string): Answer | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function vector(data: unknown): QueryVector {
  const { resultType, result } = (data ?? {}) as { resultType?: unknown; result?: unknown };
  if (resultType === 'scalar' && Array.isArray(result)) {
    return { samples: [{ labels: Labels.EMPTY, value: number(result[1]) }] };
  }
  if (resultType !== 'vector' || !Array.isArray(result)) {
    throw new Error(`a rule needs an instant vector or a scalar, got ${String(resultType)}`);
  }
  const samples = result.flatMap((row: { metric?: Record<string, string>; value?: readonly unknown[] }) =>
    row.value === undefined ? [] : [{ labels: Labels.from(row.metric ?? {}), value: number(row.value[1]) }],
  );
  return { samples };
}

function number(text: unknown): number {
  switch (text) {
    case '+Inf':
      return Number.POSITIVE_INFINITY;
    case '-Inf':
      return Number.NEGATIVE_INFINITY;
    case 'NaN':
      return Number.NaN;
    default: {
      const value = typeof text === 'string' && text !== '' ? Number(text) : Number.NaN;
      if (Number.isNaN(value)) throw new Error(`a value must be a number as text, got ${JSON.stringify(text)}`);
      return value;
    }
  }
}
