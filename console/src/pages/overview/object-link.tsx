import { Anchor, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { keptSearch } from '../../app/url-state.ts';

/** A link that takes the time range along; only text where there is nowhere to go. */
export function ObjectLink({ path, children }: { readonly path: string | undefined; readonly children: ReactNode }) {
  if (path === undefined)
    return (
      <Text span fz="sm" style={{ overflowWrap: 'anywhere' }}>
        {children}
      </Text>
    );
  return (
    <Anchor component={Link} href={withKeptSearch(path)} fz="sm" style={{ overflowWrap: 'anywhere' }}>
      {children}
    </Anchor>
  );
}

/** A path, which may have a query of its own, with what is kept from page to page and is not in it. */
export function withKeptSearch(path: string): string {
  const [page, own = ''] = path.split('?');
  const search = new URLSearchParams(keptSearch());
  for (const [name, value] of new URLSearchParams(own)) search.set(name, value);
  const text = search.toString();
  return text === '' ? page! : `${page}?${text}`;
}
