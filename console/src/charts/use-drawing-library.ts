import { useEffect, useState } from 'react';
import type uPlot from 'uplot';

let loaded: typeof uPlot | undefined;

/** What draws charts, which is loaded with the first of them; undefined until it is there. Throws when it cannot be loaded. */
export function useDrawingLibrary(): typeof uPlot | undefined {
  const [library, setLibrary] = useState(() => loaded);
  const [failure, setFailure] = useState<unknown>();
  useEffect(() => {
    if (loaded !== undefined) return;
    import('./drawing-library.ts').then(
      (module) => {
        loaded = module.default;
        setLibrary(() => module.default);
      },
      (error: unknown) => setFailure(error ?? new Error('no chart can be drawn')),
    );
  }, []);
  if (failure !== undefined) throw failure;
  return library;
}
