import { Select } from '@mantine/core';
import { useSearchParams } from 'wouter';
import { getJson } from '../api/get-json.ts';
import { useData } from '../api/use-data.ts';
import { withParams } from '../app/url-state.ts';
import type { ListAnswer } from '../lists/list-query.ts';

/** Chooses one value of a filter of a list; it stands in the URL under its name, and the list begins at its first page again. */
export function ListFilter({
  name,
  label,
  values,
  width = 170,
}: {
  readonly name: string;
  /** What is shown while nothing is chosen: `All namespaces`. */
  readonly label: string;
  readonly values: readonly (string | { readonly value: string; readonly label: string })[];
  readonly width?: number;
}) {
  const [params, setParams] = useSearchParams();
  const value = params.get(name);
  const known = values.some((one) => (typeof one === 'string' ? one : one.value) === value);
  return (
    <Select
      aria-label={label}
      placeholder={label}
      w={{ base: 'calc(50% - 5px)', xs: width }}
      clearable
      searchable
      limit={200}
      nothingFoundMessage="Nothing"
      data={value === null || known ? [...values] : [value, ...values]}
      value={value}
      onChange={(next) => setParams((before) => withParams(before, { [name]: next ?? '', page: undefined }))}
    />
  );
}

/** The names that a list of the inventory has, for a filter: `useNames('namespaces', 'namespace')`. Empty until they are here. */
export function useNames(
  list: 'clusters' | 'namespaces' | 'nodes',
  field: 'cluster' | 'namespace' | 'node',
  query: Readonly<Record<string, string>> = {},
): readonly string[] {
  const parameters = new URLSearchParams({ ...query, limit: '1000' });
  const path = `/api/v1/inventory/${list}?${parameters}`;
  const { data } = useData(path, (signal) => getJson<ListAnswer<Readonly<Record<string, unknown>>>>(path, { signal }));
  const names = (data?.items ?? []).map((row) => row[field]);
  return [...new Set(names.filter((name): name is string => typeof name === 'string' && name !== ''))].sort();
}
