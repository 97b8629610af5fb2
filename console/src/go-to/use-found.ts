import { useDebouncedValue } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import { wordsOf } from './destination.ts';
import { type Found, SOURCES, type Source } from './sources.ts';

/** Milliseconds that somebody who types is waited for. */
const PATIENCE = 120;

/** What the lists have, as far as it is here. */
export interface FoundNow {
  /** The newest that each list has answered, maybe to an earlier text. */
  readonly found: ReadonlyMap<Source, Found>;
  /** Why lists did not answer the last time. */
  readonly errors: ReadonlyMap<Source, Error>;
  /** Whether an answer to this text is still to come. */
  readonly isLoading: boolean;
}

/** Looks for a text in all lists at once, when no key was pressed for a moment; for '' in none. */
export function useFound(text: string): FoundNow {
  const [wanted] = useDebouncedValue(text, PATIENCE);
  const [found, setFound] = useState<ReadonlyMap<Source, Found>>(new Map());
  const [errors, setErrors] = useState<ReadonlyMap<Source, Error>>(new Map());
  const [answered, setAnswered] = useState('');
  useEffect(() => {
    if (wanted === '') {
      setAnswered('');
      return;
    }
    const controller = new AbortController();
    const { signal } = controller;
    const look = async (source: Source): Promise<void> => {
      try {
        const one = await source.find(wordsOf(wanted), signal);
        if (signal.aborted) return;
        setFound((before) => new Map(before).set(source, one));
        setErrors((before) => without(before, source));
      } catch (thrown) {
        if (signal.aborted) return;
        const error = thrown instanceof Error ? thrown : new Error(String(thrown));
        setFound((before) => without(before, source));
        setErrors((before) => new Map(before).set(source, error));
      }
    };
    void Promise.all(SOURCES.map(look)).then(() => signal.aborted || setAnswered(wanted));
    return () => controller.abort();
  }, [wanted]);
  return { found, errors, isLoading: text !== answered };
}

function without<V>(before: ReadonlyMap<Source, V>, source: Source): ReadonlyMap<Source, V> {
  if (!before.has(source)) return before;
  const after = new Map(before);
  after.delete(source);
  return after;
}
