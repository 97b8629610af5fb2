import { keptSearch } from '../app/url-state.ts';

/** The labels that name an object, as series have them; '' for a cluster without a name. */
export interface ObjectLabels {
  readonly cluster: string;
  readonly node?: string;
  readonly namespace?: string;
  readonly workload_kind?: string;
  readonly workload_name?: string;
  readonly pod?: string;
  readonly container?: string;
}

/** A page that is narrowed down, with the time range of the present one: `filteredPath('/pods', { namespace: 'shop' })`. '' takes a filter away. */
export function filteredPath(page: string, filters: Readonly<Record<string, string>>): string {
  const search = new URLSearchParams(keptSearch());
  for (const [name, value] of Object.entries(filters)) {
    if (value === '') search.delete(name);
    else search.set(name, value);
  }
  const text = search.toString();
  return text === '' ? page : `${page}?${text}`;
}

/** A new policy of a level about one object, whose labels are parameters under their own names. */
export function newPolicyPath(
  level: 'cluster' | 'node' | 'workload' | 'pod' | 'container',
  labels: ObjectLabels,
): string {
  return filteredPath('/policies/new', { level, ...labels });
}
