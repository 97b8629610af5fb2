import { useCallback } from 'react';
import { useSearchParams } from 'wouter';

/** What is kept from page to page: the time range, how often it is loaded again, and the cluster. */
const KEPT = ['from', 'to', 'refresh', 'cluster'];

/** The part of the present URL's query that goes along to another page, with its question mark; '' for nothing. */
export function keptSearch(search: string = globalThis.location.search): string {
  const before = new URLSearchParams(search);
  const kept = new URLSearchParams();
  for (const name of KEPT) {
    const value = before.get(name);
    if (value !== null) kept.set(name, value);
  }
  const text = kept.toString();
  return text === '' ? '' : `?${text}`;
}

/** An address inside the console with `keptSearch()` behind it; one that has a query of its own stays as it is. */
export function withKept(href: string, search: string = keptSearch()): string {
  return href.includes('?') ? href : href + search;
}

/** A query with some values written into it; '' and what is undefined are taken out. The rest stays as it is. */
export function withParams(
  before: URLSearchParams,
  values: Readonly<Record<string, string | undefined>>,
): URLSearchParams {
  const after = new URLSearchParams(before);
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === '') after.delete(name);
    else after.set(name, value);
  }
  return after;
}

/** A piece of a page's state that lives in the URL; the default is not written there. */
export function useUrlState(name: string, fallback = ''): [string, (value: string) => void] {
  const [params, setParams] = useSearchParams();
  const value = params.get(name) ?? fallback;
  const set = useCallback(
    (next: string): void =>
      setParams(
        (before) => {
          const after = new URLSearchParams(before);
          if (next === fallback) after.delete(name);
          else after.set(name, next);
          return after;
        },
        { replace: true },
      ),
    [setParams, name, fallback],
  );
  return [value, set];
}
