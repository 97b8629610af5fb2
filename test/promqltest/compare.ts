import type { Item, SeriesLine } from '../../query/promql/series-notation.ts';
import type { QueryResult, QueryValue } from '../../query/query-result.ts';
import { Labels } from '../../storage/labels.ts';
import type { EvalCommand, Expectation } from './script.ts';

/** Says how a result differs from what the script expects. */
export class Mismatch extends Error {}

const EPSILON = 1e-6;

/** Prometheus' almost.Equal: NaN equals NaN, zero only zero, otherwise within a millionth. */
export function almostEqual(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  if (a === b) return true;
  const sum = Math.abs(a) + Math.abs(b);
  const difference = Math.abs(a - b);
  const smallest = 2.2250738585072014e-308;
  if (a === 0 || b === 0 || sum < smallest) return difference < EPSILON * smallest;
  return difference / Math.min(sum, Number.MAX_VALUE) < EPSILON;
}

function compareValue(wanted: Item, got: number, where: string): void {
  if (wanted.kind === 'histogram')
    throw new Mismatch(`${where}: expected a native histogram ${wanted.text}, got ${got}`);
  if (wanted.kind !== 'value') throw new Mismatch(`${where}: expected nothing, got ${got}`);
  if (!almostEqual(wanted.value, got)) throw new Mismatch(`${where}: expected ${wanted.value}, got ${got}`);
}

interface Point {
  readonly labels: Labels;
  readonly value: number;
}

/** The expected series, each with one item, and the points that were found must be the same set. */
export function samePoint(lines: readonly SeriesLine[], found: readonly Point[]): void {
  const byKey = new Map<string, Point>();
  for (const point of found) {
    if (byKey.has(point.labels.key)) throw new Mismatch(`got ${point.labels} twice`);
    byKey.set(point.labels.key, point);
  }
  for (const { labels, items } of lines) {
    const point = byKey.get(labels.key);
    if (point === undefined) throw new Mismatch(`expected ${labels} ${text(items)}, got ${list(found)}`);
    compareValue(items[0]!, point.value, String(labels));
    byKey.delete(labels.key);
  }
  const [unexpected] = byKey.values();
  if (unexpected !== undefined) throw new Mismatch(`unexpected ${unexpected.labels} ${unexpected.value}`);
}

function text(items: readonly Item[]): string {
  return items
    .map((item) => (item.kind === 'value' ? item.value : item.kind === 'histogram' ? item.text : item.kind))
    .join(' ');
}

function list(points: readonly Point[]): string {
  return points.length === 0 ? 'nothing' : points.map(({ labels, value }) => `${labels} ${value}`).join(', ');
}

export function compareInstant(command: EvalCommand, value: QueryValue): void {
  if (command.string !== undefined) {
    if (value.type !== 'string') throw new Mismatch(`expected a string, got a ${value.type}`);
    if (value.value !== command.string) throw new Mismatch(`expected "${command.string}", got "${value.value}"`);
    return;
  }
  if (command.scalar !== undefined) {
    if (value.type !== 'scalar') throw new Mismatch(`expected a scalar, got a ${value.type}`);
    compareValue({ kind: 'value', value: command.scalar }, value.value, 'scalar');
    return;
  }
  if (value.type === 'matrix' && command.series.length === 0 && value.series.length === 0) return;
  if (value.type !== 'vector') throw new Mismatch(`expected a vector, got a ${value.type}`);
  samePoint(command.series, value.samples);
  if (!command.ordered) return;
  for (const [i, { labels }] of command.series.entries()) {
    const got = value.samples[i]!.labels;
    if (!got.equals(labels)) throw new Mismatch(`expected ${labels} at place ${i + 1}, got ${got}`);
  }
}

interface Steps {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

export function compareRange(lines: readonly SeriesLine[], steps: Steps, value: QueryValue): void {
  if (value.type !== 'matrix') throw new Mismatch(`expected a matrix, got a ${value.type}`);
  for (const [i, { labels }] of value.series.entries()) {
    const before = i === 0 ? undefined : value.series[i - 1]!.labels;
    if (before === undefined || Labels.compare(before, labels) < 0) continue;
    throw new Mismatch(before.equals(labels) ? `got ${labels} twice` : `got ${labels} after ${before}: not in order`);
  }
  compareMatrix(lines, steps, value);
}

export function compareMatrix(lines: readonly SeriesLine[], { start, step }: Steps, value: QueryValue): void {
  if (value.type !== 'matrix') throw new Mismatch(`expected a matrix, got a ${value.type}`);
  const byKey = new Map(value.series.map((series) => [series.labels.key, series]));
  for (const { labels, items } of lines) {
    const wanted = new Map<number, Item>();
    for (const [k, item] of items.entries()) if (item.kind !== 'missing') wanted.set(start + k * step, item);
    const got = byKey.get(labels.key);
    byKey.delete(labels.key);
    if (got === undefined) {
      if (wanted.size === 0) continue;
      throw new Mismatch(
        `expected ${labels} ${text(items)}, got ${value.series.map((s) => String(s.labels)).join(', ') || 'nothing'}`,
      );
    }
    for (const [i, timestamp] of got.timestamps.entries()) {
      const where = `${labels} at ${timestamp}ms`;
      compareValue(wanted.get(timestamp) ?? { kind: 'missing' }, got.values[i]!, where);
      wanted.delete(timestamp);
    }
    const [missing] = wanted;
    if (missing !== undefined)
      throw new Mismatch(`${labels} at ${missing[0]}ms: expected ${text([missing[1]])}, got nothing`);
  }
  const [unexpected] = byKey.values();
  if (unexpected !== undefined)
    throw new Mismatch(`unexpected ${unexpected.labels} ${[...unexpected.values].join(' ')}`);
}

export function checkFailure(expectations: readonly Expectation[], error: unknown): void {
  const failures = expectations.filter(({ kind }) => kind === 'fail');
  const message = error instanceof Error ? error.message : String(error);
  if (failures.length === 0) throw new Mismatch(`unexpected failure: ${message}`);
  for (const failure of failures) {
    if (!matches(failure, message)) throw new Mismatch(`expected failure ${wording(failure)}, got ${message}`);
  }
}

export function checkAnnotations(expectations: readonly Expectation[], result: QueryResult): void {
  for (const kind of ['warn', 'info'] as const) {
    const got = kind === 'warn' ? result.warnings : result.infos;
    const lines = expectations.filter((expectation) => expectation.kind === kind);
    const none = expectations.some((expectation) => expectation.kind === `no_${kind}`);
    if (none && got.length > 0) throw new Mismatch(`expected no ${kind}, got ${got.join('; ')}`);
    for (const line of lines) {
      if (!got.some((message) => matches(line, message))) {
        throw new Mismatch(`expected ${kind} ${wording(line)}, got ${got.join('; ') || 'none'}`);
      }
    }
    if (lines.length === 0) continue;
    const stray = got.find((message) => !lines.some((line) => matches(line, message)));
    if (stray !== undefined) throw new Mismatch(`unexpected ${kind}: ${stray}`);
  }
}

function matches({ message, regex }: Expectation, text: string): boolean {
  if (message !== undefined) return text === message;
  return regex === undefined || regex.test(text);
}

function wording({ message, regex }: Expectation): string {
  return message ?? regex?.source ?? '';
}
