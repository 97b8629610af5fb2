import { useCallback, useEffect, useRef, useState } from 'react';

/** Data of the server, as far as it is here. */
export interface Loaded<T> {
  /** The newest; stays while the next is on its way or could not be had. */
  readonly data: T | undefined;
  readonly error: Error | undefined;
  readonly isLoading: boolean;
  reload(): void;
}

/**
 * Loads when `key` changes, and again every `interval` milliseconds while the page can be seen (0: once). A load that is not wanted any more
 * is aborted. What was loaded under another key is not shown.
 */
export function useData<T>(key: string, load: (signal: AbortSignal) => Promise<T>, interval = 0): Loaded<T> {
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
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    void turn;
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const run = async (): Promise<void> => {
      if (document.visibilityState === 'visible') {
        setState((before) =>
          before.key === key
            ? { ...before, isLoading: true }
            : { key, data: undefined, error: undefined, isLoading: true },
        );
        try {
          const data = await latest.current(controller.signal);
          if (controller.signal.aborted) return;
          setState({ key, data, error: undefined, isLoading: false });
        } catch (thrown) {
          if (controller.signal.aborted) return;
          const error = thrown instanceof Error ? thrown : new Error(String(thrown));
          setState((before) => ({ key, data: before.key === key ? before.data : undefined, error, isLoading: false }));
        }
      }
      if (interval > 0 && !controller.signal.aborted) timer = setTimeout(() => void run(), interval);
    };
    void run();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [key, interval, turn]);
  const reload = useCallback(() => setTurn((before) => before + 1), []);
  const isHere = state.key === key;
  return {
    data: isHere ? state.data : undefined,
    error: isHere ? state.error : undefined,
    isLoading: isHere ? state.isLoading : true,
    reload,
  };
}
