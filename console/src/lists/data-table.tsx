import { Group, Loader, Text, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useSearchParams } from 'wouter';
import { getJson } from '../api/get-json.ts';
import { useData } from '../api/use-data.ts';
import { EmptyState } from '../app/empty-state.tsx';
import { ErrorState } from '../app/error-state.tsx';
import { formatDuration } from '../app/format-time.ts';
import { isTyping } from '../app/is-typing.ts';
import { OldNote } from '../app/old-note.tsx';
import { plural } from '../app/plural.ts';
import { ListPages } from './list-pages.tsx';
import { type ListAnswer, type ListState, listRequest, listStateOf, withListState } from './list-query.ts';
import { type Column, TableView } from './table-view.tsx';

export type { ListAnswer } from './list-query.ts';
export type { Column } from './table-view.tsx';

/** Seconds: the server gives its last list to who would have to wait for the next; one that is older is not what one takes it for. */
const OLD = 60;

export interface DataTableProps<T> {
  /** What it lists, for those who cannot see it: `Pods`. */
  readonly label: string;
  /**
   * Where the list is: an address of the API that takes `sort`, `filter`, `limit` and `offset` and answers a ListAnswer, or what answers such a
   * query. The URL's `cluster` goes along.
   */
  readonly source: string | ((query: URLSearchParams, signal: AbortSignal) => Promise<ListAnswer<T>>);
  /** Further parameters of the request, by which the user narrows the list down; those that are '' are left out. */
  readonly query?: Readonly<Record<string, string>>;
  /** Parameters that say what the list is about, whatever the user chooses. */
  readonly scope?: Readonly<Record<string, string>>;
  readonly columns: readonly Column<T>[];
  readonly rowKey: (row: T) => string;
  /** Where a row leads; behind an address without a query comes keptSearch(). */
  readonly rowHref?: (row: T) => string | undefined;
  /** The order when the URL says none: `-cpu`. */
  readonly defaultSort?: string;
  /** Further filters, beside the one for text. */
  readonly filters?: ReactNode;
  /** Default: true. */
  readonly hasFilter?: boolean;
  /** Default: 50. */
  readonly pageSize?: number;
  /** In the URL, before `sort`, `filter` and `page`: for a second table of a page. */
  readonly prefix?: string;
  readonly emptyTitle?: string;
  readonly emptyText?: string;
}

/**
 * A list that is filtered, sorted and paged by the server; all of that is in the URL. `/` goes to the filter, the arrow keys from row to row,
 * Enter opens one. On a phone each row is a card.
 */
export function DataTable<T>({
  label,
  source,
  query = {},
  scope = {},
  columns,
  rowKey,
  rowHref,
  defaultSort = '',
  filters,
  hasFilter = true,
  pageSize = 50,
  prefix = '',
  emptyTitle = 'Nothing here',
  emptyText = 'There is nothing of this kind.',
}: DataTableProps<T>) {
  const [params, setParams] = useSearchParams();
  const names = { prefix, sort: defaultSort };
  const state = listStateOf(params, names);
  const set = (change: Partial<ListState>): void =>
    setParams((before) => withListState(before, change, names), { replace: !('page' in change) });

  const request = listRequest(state, pageSize);
  for (const [name, value] of Object.entries({ cluster: params.get('cluster') ?? '', ...query, ...scope }))
    if (value !== '') request.set(name, value);
  const load = async (signal: AbortSignal): Promise<ListAnswer<T>> =>
    typeof source === 'string' ? getJson<ListAnswer<T>>(`${source}?${request}`, { signal }) : source(request, signal);
  const key = `${typeof source === 'string' ? source : label}?${request}`;
  const { data: fresh, error, isLoading, reload } = useData(key, load, true);
  // Another page or order: the rows stay until the next are there.
  const before = useRef<ListAnswer<T>>(undefined);
  if (fresh !== undefined) before.current = fresh;
  const data = fresh ?? (error === undefined ? before.current : undefined);
  const age = data?.at === undefined ? 0 : Date.now() / 1000 - Date.parse(data.at) / 1000;
  const isNarrowed = state.filter !== '' || Object.values(query).some((value) => value !== '');

  return (
    <div aria-busy={isLoading}>
      <Group gap="xs" mb="xs" wrap="wrap">
        {hasFilter && <FilterInput label={label} value={state.filter} onChange={(filter) => set({ filter })} />}
        {filters}
        <div style={{ flex: 1 }} />
        {isLoading && <Loader size="xs" aria-label="Loading" />}
        {data !== undefined && (
          <Text fz="sm" c="dimmed" role="status">
            {plural(data.total, 'row')}
            {age > OLD && `, as of ${formatDuration(age)} ago`}
          </Text>
        )}
      </Group>
      {error !== undefined && data === undefined && (
        <ErrorState title={`${label} could not be loaded`} error={error} onRetry={reload} />
      )}
      {data !== undefined && <OldNote error={error} />}
      {data === undefined && error === undefined && <Loader m="xl" aria-label={`Loading ${label}`} />}
      {data !== undefined && data.items.length === 0 && (
        <EmptyState
          title={isNarrowed ? 'Nothing matches' : emptyTitle}
          text={isNarrowed ? 'No row passes these filters.' : emptyText}
        />
      )}
      {data !== undefined && data.items.length > 0 && (
        <TableView
          label={label}
          rows={data.items}
          columns={columns}
          rowKey={rowKey}
          {...(rowHref !== undefined && { rowHref })}
          sort={state.sort}
          onSort={(sort) => set({ sort })}
          isOld={fresh === undefined}
        />
      )}
      <ListPages total={data?.total ?? 0} page={state.page} pageSize={pageSize} onPage={(page) => set({ page })} />
    </div>
  );
}

function FilterInput({
  label,
  value,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(value);
  const said = useRef(value);
  const say = useDebouncedCallback((next: string) => {
    said.current = next;
    onChange(next);
  }, 250);
  // The URL changed by other means, as with the back button.
  useEffect(() => {
    if (value === said.current) return;
    said.current = value;
    setText(value);
  }, [value]);
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      const { key, ctrlKey, metaKey, altKey } = event;
      if (key !== '/' || ctrlKey || metaKey || altKey || isTyping(event)) return;
      event.preventDefault();
      input.current?.focus();
    };
    globalThis.addEventListener('keydown', listen);
    return () => globalThis.removeEventListener('keydown', listen);
  }, []);
  return (
    <TextInput
      ref={input}
      type="search"
      aria-label={`Filter ${label}`}
      placeholder="Filter  ( / )"
      w={{ base: '100%', xs: 220 }}
      value={text}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value);
        say(currentTarget.value);
      }}
    />
  );
}
