import { Labels } from '../../storage/labels.ts';
import { binaryFunction, isComparison } from '../plan/binary-function.ts';
import type { VectorBinary } from '../plan/nodes.ts';
import { QueryError } from '../query-result.ts';
import { formatLabels } from './format-value.ts';
import { type GroupKey, groupKey, groupLabels } from './grouping.ts';
import { matchKnown } from './match-known.ts';
import { sameLabelset } from './merge-same-labels.ts';
import { pairedSeries } from './paired-series.ts';
import type { QueryContext } from './query-context.ts';
import { type Matrix, streamOf, type VectorSeries, type VectorStream } from './vector.ts';

/** Series of both sides with the same matching labels. */
interface MatchGroup {
  readonly labels: Labels;
  readonly many: number[];
  readonly one: number[];
}

/** A row of the result under construction. */
interface ResultRow {
  readonly series: VectorSeries;
  readonly group: MatchGroup;
  /** Where the row stands in the result: as its series among the "many"; what is filled in comes last. */
  readonly place: number;
  readonly values: Float64Array;
  /** ABSENT, PRESENT, or FILTERED: the pair is there, but the comparison does not hold. */
  readonly state: Uint8Array;
}

const ABSENT = 0;
const PRESENT = 1;
const FILTERED = 2;

/**
 * An operator between two vectors. Series pair up by their matching labels; with group_left or group_right several
 * series of one side ("many") share the partner on the other ("one"). The pairing is found once from the labels; which of
 * the partners are there, and whether there are too many, is decided at each step.
 * {a="1"} 4 + ignoring (b) {a="1",b="2"} 1 -> {a="1"} 5
 */
export async function vectorBinary(
  node: VectorBinary,
  sides: { readonly left: VectorStream; readonly right: VectorStream },
  context: QueryContext,
): Promise<VectorStream> {
  const left = await context.materialise(sides.left);
  const right = await context.materialise(sides.right);
  const swapped = node.matching.card === 'one-to-many';
  await context.check();
  const result =
    matchKnown(node, { many: swapped ? right : left, one: swapped ? left : right, swapped }, context) ??
    (await new Pairing(node, { left, right }, context).run());
  context.release(left);
  context.release(right);
  return result;
}

class Pairing {
  readonly #node: VectorBinary;
  readonly #context: QueryContext;
  readonly #swapped: boolean;
  readonly #many: Matrix;
  readonly #one: Matrix;
  readonly #steps: number;
  readonly #rows: ResultRow[] = [];
  readonly #apply: (left: number, right: number) => number;
  readonly #filters: boolean;
  /** The series of the "one" side that counts at each step of the current group; -1 for none. */
  readonly #partner: Int32Array;
  /** Steps at which a side has no series at all: there Prometheus does not even look for double matches. */
  readonly #idle: Uint8Array;

  constructor(node: VectorBinary, sides: { left: Matrix; right: Matrix }, context: QueryContext) {
    this.#node = node;
    this.#context = context;
    this.#swapped = node.matching.card === 'one-to-many';
    this.#many = this.#swapped ? sides.right : sides.left;
    this.#one = this.#swapped ? sides.left : sides.right;
    this.#steps = sides.left.steps;
    this.#apply = binaryFunction(node.op);
    this.#filters = isComparison(node.op) && !node.returnBool;
    this.#partner = new Int32Array(this.#steps);
    this.#idle = new Uint8Array(this.#steps);
  }

  async run(): Promise<VectorStream> {
    const { fillLeft, fillRight } = this.#node.matching;
    if (fillLeft === undefined && fillRight === undefined) this.#findIdleSteps();
    for (const group of this.#groups()) {
      await this.#context.check();
      this.#choosePartners(group);
      this.#match(group);
    }
    return this.#result();
  }

  /** Joins the rows that have the same labels; two of them may not be there at the same step. */
  #result(): VectorStream {
    const steps = this.#steps;
    const byKey = new Map<string, ResultRow>();
    this.#rows.sort((a, b) => (a.place < b.place ? -1 : a.place > b.place ? 1 : 0));
    for (const row of this.#rows) {
      const same = byKey.get(row.series.labels.key);
      if (same === undefined) byKey.set(row.series.labels.key, row);
      else join(same, row);
    }
    const series: VectorSeries[] = [];
    const values = new Float64Array(byKey.size * steps);
    const present = new Uint8Array(byKey.size * steps);
    for (const row of byKey.values()) {
      const at = series.length * steps;
      values.set(row.values, at);
      for (let step = 0; step < steps; step++) present[at + step] = row.state[step] === PRESENT ? 1 : 0;
      series.push(row.series);
    }
    return streamOf({ steps, series, values, present });
  }

  #findIdleSteps(): void {
    const steps = this.#steps;
    for (let step = 0; step < steps; step++) {
      this.#idle[step] = anyAt(this.#many, step) && anyAt(this.#one, step) ? 0 : 1;
    }
  }

  #groups(): Iterable<MatchGroup> {
    const { matching } = this.#node;
    const selection = { mode: matching.mode, labels: matching.labels };
    const key: GroupKey = groupKey(selection);
    const groups = new Map<string, MatchGroup>();
    for (const side of ['many', 'one'] as const) {
      const { series } = side === 'many' ? this.#many : this.#one;
      for (const [index, { labels }] of series.entries()) {
        const k = key(labels);
        let group = groups.get(k);
        if (group === undefined) {
          groups.set(k, (group = { labels: groupLabels(labels, selection), many: [], one: [] }));
        }
        group[side].push(index);
      }
    }
    return groups.values();
  }

  #choosePartners(group: MatchGroup): void {
    const one = this.#one;
    this.#partner.fill(-1);
    for (const index of group.one) {
      for (let step = 0; step < this.#steps; step++) {
        if (one.present[index * this.#steps + step] === 0 || this.#idle[step] === 1) continue;
        const other = this.#partner[step]!;
        if (other >= 0) throw this.#doubleMatch(group, other, index);
        this.#partner[step] = index;
      }
    }
  }

  #doubleMatch(group: MatchGroup, a: number, b: number): QueryError {
    const side = this.#swapped ? 'left' : 'right';
    const labels = [a, b].map((index) => this.#one.series[index]!.labels).sort(Labels.compare);
    return new QueryError(
      'execution',
      `found duplicate series for the match group ${formatLabels(group.labels)} on the ${side} hand-side of the operation: ` +
        `[${labels.map(formatLabels).join(', ')}];many-to-many matching not allowed: matching labels must be unique on one side`,
    );
  }

  #match(group: MatchGroup): void {
    const { matching } = this.#node;
    const steps = this.#steps;
    // As in Prometheus, `fill_left` is for the side with many series even when that is written on the right.
    const { fillLeft: fillMany, fillRight: fillOne } = matching;
    const taken = new Uint8Array(steps);
    for (const index of group.many) {
      const rows = new Map<number, ResultRow>();
      for (let step = 0; step < steps; step++) {
        const at = index * steps + step;
        if (this.#many.present[at] === 0 || this.#idle[step] === 1) continue;
        const partner = this.#partner[step]!;
        if (partner < 0 && fillOne === undefined) {
          taken[step] = 1;
          continue;
        }
        if (taken[step] === 1 && matching.card === 'one-to-one')
          throw tooMany('many-to-one matching must be explicit (group_left/group_right)');
        taken[step] = 1;
        let row = rows.get(partner);
        if (row === undefined) {
          row = this.#newRow(this.#many.series[index]!, { place: index, partner, group });
          rows.set(partner, row);
        }
        const one = partner < 0 ? fillOne! : this.#one.values[partner * steps + step]!;
        this.#put(row, step, { many: this.#many.values[at]!, one });
      }
    }
    if (fillMany !== undefined) this.#fillMany(group, taken, fillMany);
  }

  /** Steps at which the "one" side stands alone. */
  #fillMany(group: MatchGroup, taken: Uint8Array, fill: number): void {
    const rows = new Map<number, ResultRow>();
    const steps = this.#steps;
    for (let step = 0; step < steps; step++) {
      const partner = this.#partner[step]!;
      if (partner < 0 || taken[step] === 1) continue;
      let row = rows.get(partner);
      if (row === undefined) {
        const series = { labels: group.labels, dropName: false };
        row = this.#newRow(series, { place: Number.POSITIVE_INFINITY, partner, group });
        rows.set(partner, row);
      }
      this.#put(row, step, { many: fill, one: this.#one.values[partner * steps + step]! });
    }
  }

  #put(row: ResultRow, step: number, { many, one }: { many: number; one: number }): void {
    const left = this.#swapped ? one : many;
    const right = this.#swapped ? many : one;
    const result = this.#apply(left, right);
    if (this.#filters && result === 0) {
      // The pair counts for uniqueness even when the comparison filters it away.
      row.state[step] = FILTERED;
      return;
    }
    row.values[step] = this.#filters ? left : result;
    row.state[step] = PRESENT;
  }

  #newRow(many: VectorSeries, pair: { place: number; partner: number; group: MatchGroup }): ResultRow {
    const { place, partner, group } = pair;
    const one = partner < 0 ? undefined : this.#one.series[partner]!;
    const series = pairedSeries(this.#node, { many, one }, this.#context);
    this.#context.hold(this.#steps);
    const values = new Float64Array(this.#steps);
    const row = { series, group, place, values, state: new Uint8Array(this.#steps) };
    this.#rows.push(row);
    return row;
  }
}

function anyAt({ series, steps, present }: Matrix, step: number): boolean {
  for (let i = step, end = series.length * steps; i < end; i += steps) if (present[i] === 1) return true;
  return false;
}

function join(into: ResultRow, row: ResultRow): void {
  const sameGroup = into.group === row.group;
  for (let step = 0; step < row.state.length; step++) {
    const state = row.state[step]!;
    if (state === ABSENT) continue;
    const other = into.state[step]!;
    if (other !== ABSENT && sameGroup) throw tooMany('grouping labels must ensure unique matches');
    if (other === PRESENT && state === PRESENT) throw sameLabelset();
    if (other === PRESENT) continue;
    into.state[step] = state;
    into.values[step] = row.values[step]!;
  }
}

function tooMany(rule: string): QueryError {
  return new QueryError('execution', `multiple matches for labels: ${rule}`);
}
