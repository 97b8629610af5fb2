import { useSearchParams } from 'wouter';

/** What is kept from page to page: the time range and the cluster. */
const KEPT = ['from', 'to', 'cluster'];

/** The part of the present URL's query that goes along to another page, with its question mark; '' for nothing. */
export function keptSearch(): string {
  const before = new URLSearchParams(globalThis.location.search);
  const kept = new URLSearchParams();
  for (const name of KEPT) {
    const value = before.get(name);
    if (value !== null) kept.set(name, value);
  }
  const text = kept.toString();
  return text === '' ? '' : `?${text}`;
}

/** A piece of a page's state that lives in the URL; the default is not written there. */
export function useUrlState(name: string, fallback = ''): [string, (value: string) => void] {
  const [params, setParams] = useSearchParams();
  const value = params.get(name) ?? fallback;
  const set = (next: string): void =>
    setParams(
      (before) => {
        const after = new URLSearchParams(before);
        if (next === fallback) after.delete(name);
        else after.set(name, next);
        return after;
      },
      { replace: true },
    );
  return [value, set];
}
