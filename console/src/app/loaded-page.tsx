import { Loader } from '@mantine/core';
import { useEffect, useState } from 'react';
import { loadedPage, loadPage } from './load-page.ts';

/** A page by its module below `pages/`, and what is shown until that has been loaded. Throws when it cannot be. */
export function LoadedPage({ module }: { readonly module: string }) {
  // Not React's own way to wait: that keeps what is there already away for 300 ms once it has shown that something is loaded.
  const [Page, setPage] = useState(() => loadedPage(module));
  const [failure, setFailure] = useState<unknown>();
  useEffect(() => {
    let isWanted = true;
    loadPage(module).then(
      (page) => isWanted && setPage(() => page),
      (error: unknown) => isWanted && setFailure(error ?? new Error('the page cannot be loaded')),
    );
    return () => {
      isWanted = false;
    };
  }, [module]);
  if (failure !== undefined) throw failure;
  return Page === undefined ? <Loader m="xl" aria-label="Loading" /> : <Page />;
}
