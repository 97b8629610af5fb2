import type { Labels } from '../../storage/labels.ts';
import { Matcher } from '../../storage/matcher.ts';
import type { Info } from '../plan/nodes.ts';
import { QueryError } from '../query-result.ts';
import { formatLabels } from './format-value.ts';
import type { Grid } from './grid.ts';
import { mergeSameLabels } from './merge-same-labels.ts';
import type { QueryContext } from './query-context.ts';
import { select } from './select.ts';
import { type Matrix, streamOf, type VectorSeries, type VectorStream } from './vector.ts';

/** What ties a series to the info series about it. Fixed, as in Prometheus. */
const IDENTIFYING = ['instance', 'job'] as const;

/** With more values of an identifying label than this the store is not asked for them one by one. */
const MOST_ALTERNATIVES = 100;

/** The info series of one metric with the same identifying labels: at each step the one with the newest sample counts. */
interface Group {
  readonly metric: string;
  /** The index of the info series per step, -1 when there is none. */
  readonly best: Int32Array;
}

/**
 * info: adds to each series the labels of the info series (target_info, unless the second argument says otherwise) with
 * the same `instance` and `job`. A series' own labels win.
 * up{instance="a",job="b"} 1, target_info{instance="a",job="b",version="2"} 1 -> up{instance="a",job="b",version="2"} 1
 */
export async function info(
  node: Info,
  operand: VectorStream,
  { grid, context }: { grid: Grid; context: QueryContext },
): Promise<VectorStream> {
  const base = await context.materialise(operand);
  const isInfo = base.series.map(({ labels }) => isInfoSeries(node, labels.metric));
  const identifying = identifyingValues(base.series, isInfo);
  const { at, offset, lookback, span } = node;
  const infos =
    identifying.size === 0
      ? undefined
      : await context.materialise(
          await select(
            {
              kind: 'select',
              matchers: infoMatchers(node, identifying),
              at,
              offset,
              lookback,
              readBack: lookback,
              output: 'timestamp',
              span,
            },
            grid,
            context,
          ),
        );
  const groups = infos === undefined ? new Map<string, Group[]>() : groupInfos(infos, { base, identifying });
  const joined = join(node, { base, isInfo, infos: infos?.series ?? [], groups });
  context.release(base);
  if (infos !== undefined) context.release(infos);
  context.hold(joined.series.length * joined.steps);
  return mergeSameLabels(streamOf(joined), context);
}

/** An info series itself is passed on as it is. */
function isInfoSeries({ nameMatchers }: Info, metric: string): boolean {
  return nameMatchers.length > 0 && nameMatchers.every((matcher) => matcher.matches(metric));
}

/** The values that the operand's series have of the identifying labels; a label that none of them has is not in it. */
function identifyingValues(
  series: readonly VectorSeries[],
  isInfo: readonly boolean[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const identifying = new Map<string, ReadonlySet<string>>();
  for (const name of IDENTIFYING) {
    const values = new Set(series.filter((_, i) => !isInfo[i]).map(({ labels }) => labels.get(name)));
    values.delete('');
    if (values.size > 0) identifying.set(name, values);
  }
  return identifying;
}

/** What selects the info series for such values, and perhaps more. */
function infoMatchers(node: Info, identifying: ReadonlyMap<string, ReadonlySet<string>>): readonly Matcher[] {
  const identities: Matcher[] = [];
  for (const [name, values] of identifying) {
    const pattern = values.size > MOST_ALTERNATIVES ? '.+' : [...values].map(quoteMeta).join('|');
    identities.push(new Matcher(name, '=~', pattern));
  }
  const names = node.nameMatchers.length > 0 ? node.nameMatchers : [new Matcher('__name__', '=', 'target_info')];
  return [...names, ...identities, ...node.dataMatchers];
}

function quoteMeta(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}

function identityOf(labels: Labels): string {
  return JSON.stringify(IDENTIFYING.map((name) => labels.get(name)));
}

/** By identity, one group per info metric. Throws when two series of a group are equally new at a step. */
function groupInfos(
  { series, steps, values, present }: Matrix,
  { base, identifying }: { base: Matrix; identifying: ReadonlyMap<string, ReadonlySet<string>> },
): Map<string, Group[]> {
  const groups = new Map<string, Group[]>();
  const needed = stepsWithValues(base);
  for (const [index, { labels }] of series.entries()) {
    if (![...identifying].every(([name, known]) => known.has(labels.get(name)))) continue;
    const identity = identityOf(labels);
    let ofIdentity = groups.get(identity);
    if (ofIdentity === undefined) groups.set(identity, (ofIdentity = []));
    let group = ofIdentity.find(({ metric }) => metric === labels.metric);
    if (group === undefined) {
      ofIdentity.push((group = { metric: labels.metric, best: new Int32Array(steps).fill(-1) }));
    }
    for (let step = 0; step < steps; step++) {
      if (needed[step] === 0 || present[index * steps + step] === 0) continue;
      const rival = group.best[step]!;
      const time = values[index * steps + step]!;
      const rivalTime = rival < 0 ? Number.NEGATIVE_INFINITY : values[rival * steps + step]!;
      if (time === rivalTime) throw duplicate(series[rival]!.labels, labels, time * 1000);
      if (time > rivalTime) group.best[step] = index;
    }
  }
  return groups;
}

function stepsWithValues({ series, steps, present }: Matrix): Uint8Array {
  const some = new Uint8Array(steps);
  for (let row = 0, i = 0; row < series.length; row++) {
    for (let step = 0; step < steps; step++, i++) some[step]! |= present[i]!;
  }
  return some;
}

function duplicate(existing: Labels, found: Labels, time: number): QueryError {
  const [first, second] = [formatLabels(existing), formatLabels(found)];
  return new QueryError(
    'execution',
    `found duplicate series for info metric: existing ${first} @ ${time}, new ${second} @ ${time}`,
  );
}

interface Join {
  readonly base: Matrix;
  readonly isInfo: readonly boolean[];
  readonly infos: readonly VectorSeries[];
  readonly groups: ReadonlyMap<string, readonly Group[]>;
}

/** One series per operand's series and set of info series that it has been joined with. */
function join(node: Info, { base, isInfo, infos, groups }: Join): Matrix {
  const { steps } = base;
  const unmatchedStays = node.dataMatchers.every((matcher) => matcher.matchesEmpty);
  const series: VectorSeries[] = [];
  const target = new Int32Array(base.series.length * steps).fill(-1);
  for (const [row, own] of base.series.entries()) {
    const candidates = isInfo[row] ? [] : (groups.get(identityOf(own.labels)) ?? []);
    const outputs = new Map<string, number>();
    for (let step = 0; step < steps; step++) {
      if (base.present[row * steps + step] === 0) continue;
      const matched = candidates.map(({ best }) => best[step]!).filter((index) => index >= 0);
      if (matched.length === 0 && !isInfo[row] && !unmatchedStays) continue;
      const key = matched.join();
      let output = outputs.get(key);
      if (output === undefined) {
        outputs.set(key, (output = series.length));
        const labels = enriched(
          node,
          own.labels,
          matched.map((index) => infos[index]!.labels),
        );
        series.push({ labels, dropName: own.dropName });
      }
      target[row * steps + step] = output;
    }
  }
  const values = new Float64Array(series.length * steps);
  const present = new Uint8Array(series.length * steps);
  for (let i = 0; i < target.length; i++) {
    if (target[i]! < 0) continue;
    const at = target[i]! * steps + (i % steps);
    values[at] = base.values[i]!;
    present[at] = 1;
  }
  return { steps, series, values, present };
}

/** The labels with those of the info series that are asked for and that the series does not have itself. */
function enriched({ dataMatchers }: Info, own: Labels, infos: readonly Labels[]): Labels {
  const added = new Map<string, string>();
  for (const labels of infos) {
    for (const [name, value] of labels) {
      if (name === '__name__') continue;
      if (dataMatchers.length > 0 && !dataMatchers.some((matcher) => matcher.name === name)) continue;
      const other = added.get(name);
      if (other !== undefined && other !== value) throw new QueryError('execution', `conflicting label: ${name}`);
      if (!own.has(name)) added.set(name, value);
    }
  }
  let result = own;
  for (const [name, value] of added) result = result.with(name, value);
  return result;
}
