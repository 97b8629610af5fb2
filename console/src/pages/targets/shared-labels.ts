import { groupBy } from '../../lists/group-by.ts';
import type { Target } from './target-list.ts';

/** A label with its value. */
export type Label = readonly [name: string, value: string];

/** What several targets of a job have in common. */
export interface SharedLabels {
  readonly job: string;
  /** How many targets it was found in. */
  readonly targets: number;
  readonly labels: readonly Label[];
}

/** The labels that all of the targets of a job have with the same value, of each job of which there is more than one, and has such labels. */
export function sharedLabels(targets: readonly Pick<Target, 'job' | 'labels'>[]): readonly SharedLabels[] {
  const jobs = groupBy(targets, ({ job }) => job);
  return [...jobs].flatMap(([job, [first, ...others]]) => {
    const labels = labelsOf(first!).filter(([name, value]) => others.every((other) => other.labels[name] === value));
    return others.length === 0 || labels.length === 0 ? [] : [{ job, targets: others.length + 1, labels }];
  });
}

/** The labels of a target that are not shared by its job, which tell it from the others of that. */
export function ownLabels(target: Pick<Target, 'job' | 'labels'>, shared: readonly SharedLabels[]): readonly Label[] {
  const common = new Map(shared.find(({ job }) => job === target.job)?.labels);
  return labelsOf(target).filter(([name, value]) => common.get(name) !== value);
}

/** But those that lists have columns for. */
function labelsOf({ labels }: Pick<Target, 'labels'>): readonly Label[] {
  return Object.entries(labels).filter(([name]) => name !== 'job' && name !== 'instance');
}
