import { Anchor, Text } from '@mantine/core';
import { Link } from 'wouter';
import { keptSearch } from '../../app/url-state.ts';
import { NameText } from '../../objects/name-text.tsx';

/** The name of an object, which leads to it with the time range; only text where there is nowhere to go. */
export function ObjectLink({ path, children }: { readonly path: string | undefined; readonly children: string }) {
  if (path === undefined)
    return (
      <Text span fz="sm" miw={0}>
        <NameText>{children}</NameText>
      </Text>
    );
  return (
    <Anchor component={Link} href={withKeptSearch(path)} fz="sm" miw={0}>
      <NameText>{children}</NameText>
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
