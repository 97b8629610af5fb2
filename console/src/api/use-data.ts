import { useCallback, useEffect, useRef, useState } from 'react';
import { onAdvance } from '../app/clock.ts';
import { isDataLost, onConnection } from './connection.ts';

/** Data of the server, as far as it is here. */
export interface Loaded<T> {
  /** The newest; stays while the next is on its way or could not be had. */
  readonly data: T | undefined;
  /** Why the last load failed; `data`, if there is any, is then old. */
  readonly error: Error | undefined;
  readonly isLoading: boolean;
  /** Loads again; when a load is on its way, after that. */
  reload(): void;
}

/**
 * Loads when `key` changes, and, when it is live, whenever the refresh control says so. Nothing is loaded while the page
 * cannot be seen, and what failed is tried again when the server, or the store behind it, can be reached again. There is one load at a time; one under another key is
 * aborted. What was loaded under another key is not shown.
 */
export function useData<T>(key: string, load: (signal: AbortSignal) => Promise<T>, isLive = false): Loaded<T> {
  const [state, setState] = useState<{
    key: string;
    data: T | undefined;
    error: Error | undefined;
    isLoading: boolean;
  }>({
    key,
    data: undefined,
    error: undefined,
    isLoading: true,
  });
  const latest = useRef(load);
  latest.current = load;
  const start = useRef<() => void>(() => {});
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    let isLoading = false;
    let isDue = false;
    let hasFailed = false;
    const run = async (): Promise<void> => {
      isDue = true;
      if (isLoading || document.visibilityState !== 'visible') return;
      isLoading = true;
      while (isDue && !signal.aborted) {
        isDue = false;
        setState((before) =>
          before.key === key
            ? { ...before, isLoading: true }
            : { key, data: undefined, error: undefined, isLoading: true },
        );
        try {
          const data = await latest.current(signal);
          if (signal.aborted) return;
          hasFailed = false;
          setState({ key, data, error: undefined, isLoading: false });
        } catch (thrown) {
          if (signal.aborted) return;
          hasFailed = true;
          const error = thrown instanceof Error ? thrown : new Error(String(thrown));
          setState((before) => ({ key, data: before.key === key ? before.data : undefined, error, isLoading: false }));
        }
      }
      isLoading = false;
    };
    start.current = () => void run();
    const stops = [
      onConnection(() => {
        if (!isDataLost() && hasFailed) void run();
      }),
      ...(isLive ? [onAdvance(() => void run())] : []),
    ];
    const look = (): void => {
      if (isDue) void run();
    };
    document.addEventListener('visibilitychange', look);
    void run();
    return () => {
      controller.abort();
      for (const stop of stops) stop();
      document.removeEventListener('visibilitychange', look);
    };
  }, [key, isLive]);
  const reload = useCallback(() => start.current(), []);
  const isHere = state.key === key;
  return {
    data: isHere ? state.data : undefined,
    error: isHere ? state.error : undefined,
    isLoading: isHere ? state.isLoading : true,
    reload,
  };
}
