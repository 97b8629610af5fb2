import { type Labels, METRIC_NAME } from '../../storage/labels.ts';
import { keepMemo, memoOf } from './series-memo.ts';
import type { VectorSeries } from './vector.ts';

/** Which labels say that two series belong together: those listed (`on`, `by`) or all but those (`ignoring`, `without`). */
export interface LabelSelection {
  readonly mode: 'by' | 'without' | 'on' | 'ignoring';
  readonly labels: readonly string[];
}

/** Gives a series the key of its group; two series share a key exactly when the selected labels are equal. */
export type GroupKey = (labels: Labels) => string;

export function groupKey(selection: LabelSelection): GroupKey {
  if (selection.mode === 'by' || selection.mode === 'on') {
    const names = [...new Set(selection.labels)].sort();
    return (labels) => {
      let key = '';
      for (const name of names) {
        const value = labels.get(name);
        // The length keeps values apart whatever characters they contain.
        key += `${value.length}:${value}`;
      }
      return key;
    };
  }
  const excluded = new Set([...selection.labels, METRIC_NAME]);
  return (labels) => {
    const { pairs } = labels;
    let key = '';
    for (let i = 0; i < pairs.length; i += 2) {
      const name = pairs[i]!;
      if (excluded.has(name)) continue;
      const value = pairs[i + 1]!;
      key += `${name.length}:${name}${value.length}:${value}`;
    }
    return key;
  };
}

/** The labels that all series of a group have in common because of the selection. */
export function groupLabels(labels: Labels, selection: LabelSelection): Labels {
  const listed = new Set(selection.labels);
  if (selection.mode === 'by' || selection.mode === 'on') return labels.filter((name) => listed.has(name));
  return labels.filter((name) => !listed.has(name) && name !== METRIC_NAME);
}

/** Series sorted into groups, in the order in which the groups first appear. */
export interface Groups {
  readonly labels: readonly Labels[];
  /** The labels as series whose name is not to be dropped. */
  readonly series: readonly VectorSeries[];
  /** The group of each series. */
  readonly of: Uint32Array;
  /** The series of each group, ascending. */
  readonly members: readonly (readonly number[])[];
}

export function groupSeries(series: readonly { readonly labels: Labels }[], selection: LabelSelection): Groups {
  const memo = memoOf(series);
  if (memo === undefined) return findGroups(series, selection);
  const text = textOf(selection);
  let groups = memo.groups.get(text);
  if (groups === undefined) {
    groups = findGroups(series, selection);
    keepMemo(groups.series);
    memo.groups.set(text, groups);
  }
  return groups;
}

/** The key of each series' group. */
export function groupKeys(series: readonly VectorSeries[], selection: LabelSelection): readonly string[] {
  const memo = memoOf(series);
  const text = memo === undefined ? '' : textOf(selection);
  let keys = memo?.keys.get(text);
  if (keys === undefined) {
    const key = groupKey(selection);
    keys = series.map(({ labels }) => key(labels));
    memo?.keys.set(text, keys);
  }
  return keys;
}

function textOf({ mode, labels }: LabelSelection): string {
  return JSON.stringify([mode, ...labels]);
}

function findGroups(series: readonly { readonly labels: Labels }[], selection: LabelSelection): Groups {
  const key = groupKey(selection);
  const byKey = new Map<string, number>();
  const labels: Labels[] = [];
  const members: number[][] = [];
  const of = new Uint32Array(series.length);
  for (let i = 0; i < series.length; i++) {
    const own = series[i]!.labels;
    const k = key(own);
    let group = byKey.get(k);
    if (group === undefined) {
      group = labels.length;
      byKey.set(k, group);
      labels.push(groupLabels(own, selection));
      members.push([]);
    }
    of[i] = group;
    members[group]!.push(i);
  }
  return { labels, series: labels.map((own) => ({ labels: own, dropName: false })), of, members };
}
