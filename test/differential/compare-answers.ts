import type { Answer, AnsweredSeries } from './answer.ts';
import type { RandomQuery } from './generate-query.ts';

const TOLERANCE = 1e-9;

/** Why the answers differ, undefined when they agree. */
export function difference(query: Pick<RandomQuery, 'expr' | 'at'>, pharos: Answer, peer: Answer): string | undefined {
  if (pharos.error !== undefined || peer.error !== undefined) return differentError(pharos, peer);
  if (pharos.resultType !== peer.resultType) return `a ${pharos.resultType} instead of a ${peer.resultType}`;
  if (pharos.string !== peer.string) return `"${pharos.string}" instead of "${peer.string}"`;
  for (const kind of ['warnings', 'infos'] as const) {
    const stray = pharos[kind].find((text) => !peer[kind].includes(text));
    if (stray !== undefined) return `${kind} has: ${stray}`;
    const missing = peer[kind].find((text) => !pharos[kind].includes(text));
    if (missing !== undefined) return `${kind} lacks: ${missing}`;
  }
  return differentSeries(pharos.series, peer.series) ?? differentOrder(query, pharos, peer);
}

function differentError(pharos: Answer, peer: Answer): string | undefined {
  if (pharos.error === undefined) return `no error, instead of ${peer.error!.type}: ${peer.error!.message}`;
  if (peer.error === undefined) return `the error ${pharos.error.type}: ${pharos.error.message}`;
  if (pharos.error.type !== peer.error.type) {
    return `error ${pharos.error.type} instead of ${peer.error.type}: ${pharos.error.message} | ${peer.error.message}`;
  }
  // What the parser says is in other words; the kind of error is the same.
  if (pharos.error.type === 'bad_data' || pharos.error.message === peer.error.message) return undefined;
  return `the message ${pharos.error.message} instead of ${peer.error.message}`;
}

function differentSeries(pharos: readonly AnsweredSeries[], peer: readonly AnsweredSeries[]): string | undefined {
  const found = new Map(pharos.map((series) => [series.key, series]));
  if (found.size !== pharos.length) return 'the same series twice';
  for (const wanted of peer) {
    const got = found.get(wanted.key);
    if (got === undefined) return `no series ${wanted.key}`;
    found.delete(wanted.key);
    for (const [i, time] of wanted.times.entries()) {
      if (got.times[i] !== time) return `${wanted.key} has a point at ${got.times[i]} instead of ${time}`;
      if (!sameValue(got.values[i]!, wanted.values[i]!)) {
        return `${wanted.key} is ${got.values[i]} instead of ${wanted.values[i]} at ${time}`;
      }
    }
    if (got.times.length > wanted.times.length) {
      return `${wanted.key} has a point too many at ${got.times[wanted.times.length]}`;
    }
  }
  const [stray] = found.keys();
  return stray === undefined ? undefined : `the series ${stray} that should not be`;
}

/** Matrices are sorted by labels; of vectors only some functions promise an order, and equal values may stand either way. */
function differentOrder(
  { expr, at }: Pick<RandomQuery, 'expr' | 'at'>,
  pharos: Answer,
  peer: Answer,
): string | undefined {
  if (peer.resultType === 'matrix')
    return at.kind === 'range' ? firstDifferent(pharos, peer, ({ key }) => key) : undefined;
  if (/^(sort_by_label|topk|bottomk)/.test(expr)) return firstDifferent(pharos, peer, ({ key }) => key);
  if (!/^sort(_desc)? *\(/.test(expr)) return undefined;
  for (const [i, { values }] of peer.series.entries()) {
    const [got] = pharos.series[i]!.values;
    if (!sameValue(got!, values[0]!)) return `the value ${got} instead of ${values[0]} at place ${i}`;
  }
  return undefined;
}

function firstDifferent(pharos: Answer, peer: Answer, by: (series: AnsweredSeries) => string): string | undefined {
  const place = peer.series.findIndex((series, i) => by(series) !== by(pharos.series[i]!));
  return place < 0 ? undefined : `${by(pharos.series[place]!)} instead of ${by(peer.series[place]!)} at place ${place}`;
}

/** NaN is NaN; otherwise within the tolerance, relative to the larger one. */
export function sameValue(a: number, b: number, tolerance = TOLERANCE): boolean {
  if (Object.is(a, b) || a === b) return true;
  return Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));
}
