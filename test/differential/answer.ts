import type { RandomQuery } from './generate-query.ts';

/** A server's answer, with numbers for what the protocol writes as text. */
export interface Answer {
  /** undefined when the query was answered. */
  readonly error: { readonly type: string; readonly message: string } | undefined;
  readonly resultType: string;
  readonly series: readonly AnsweredSeries[];
  readonly string: string | undefined;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

export interface AnsweredSeries {
  /** Canonical text of the labels. */
  readonly key: string;
  /** Seconds. */
  readonly times: readonly number[];
  readonly values: readonly number[];
}

interface Envelope {
  readonly status: string;
  readonly errorType?: string;
  readonly error?: string;
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
  readonly data?: { readonly resultType: string; readonly result: unknown };
}

type Point = readonly [time: number, value: string];

/** Asks a server over HTTP. Throws when the answer is none of the protocol's. */
export async function ask(url: string, { expr, at }: Pick<RandomQuery, 'expr' | 'at'>): Promise<Answer> {
  const form = new URLSearchParams({ query: expr });
  if (at.kind === 'instant') form.set('time', seconds(at.time));
  else for (const name of ['start', 'end', 'step'] as const) form.set(name, seconds(at[name]));
  const path = at.kind === 'instant' ? 'query' : 'query_range';
  const response = await fetch(`${url}/api/v1/${path}`, {
    method: 'POST',
    body: form,
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  try {
    return readAnswer(JSON.parse(text) as Envelope);
  } catch (cause) {
    throw new Error(`${url} answered ${expr} with HTTP ${response.status}: ${text.slice(0, 200)}`, { cause });
  }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function readAnswer({ status, errorType, error, data, warnings = [], infos = [] }: Envelope): Answer {
  const notes = { warnings: [...warnings].sort(), infos: [...infos].sort() };
  const none = { resultType: '', series: [], string: undefined, ...notes };
  if (status !== 'success') return { ...none, error: { type: errorType ?? '', message: error ?? '' } };
  if (data === undefined) throw new Error('success without data');
  const { resultType, result } = data;
  switch (resultType) {
    case 'string':
      return { ...none, error: undefined, resultType, string: (result as Point)[1] };
    case 'scalar':
      return { ...none, error: undefined, resultType, series: [readSeries({}, [result as Point])] };
    case 'vector': {
      const samples = result as readonly { metric: Record<string, string>; value: Point }[];
      return { ...none, error: undefined, resultType, series: samples.map((s) => readSeries(s.metric, [s.value])) };
    }
    case 'matrix': {
      const all = result as readonly { metric: Record<string, string>; values: readonly Point[] }[];
      return { ...none, error: undefined, resultType, series: all.map((s) => readSeries(s.metric, s.values)) };
    }
    default:
      throw new Error(`unknown result type ${resultType}`);
  }
}

function readSeries(metric: Record<string, string>, points: readonly Point[]): AnsweredSeries {
  const names = Object.keys(metric).sort();
  return {
    key: `{${names.map((name) => `${name}=${JSON.stringify(metric[name])}`).join(', ')}}`,
    times: points.map(([time]) => time),
    values: points.map(([, value]) => readValue(value)),
  };
}

function readValue(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  return Number(text);
}
