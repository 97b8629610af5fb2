import { Anchor, Breadcrumbs, Group, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect, useRef } from 'react';
import { Link } from 'wouter';
import { greetPage } from './page-focus.ts';
import { withKept } from './url-state.ts';

/** A page above this one; behind an `href` without a query comes `keptSearch()`. */
export interface Crumb {
  readonly title: string;
  readonly href: string;
}

/** The head of a page: where it is, its title (also the window's), what is said beside it, and what can be done. */
export function PageHeader({
  title,
  crumbs = [],
  description,
  badges,
  actions,
}: {
  readonly title: string;
  readonly crumbs?: readonly Crumb[];
  readonly description?: ReactNode;
  readonly badges?: ReactNode;
  readonly actions?: ReactNode;
}) {
  useEffect(() => {
    document.title = title === '' ? 'Pharos' : `${title} · Pharos`;
  }, [title]);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (heading.current !== null) greetPage(heading.current);
  }, []);
  return (
    <Stack component="header" gap={2} mb="md">
      {crumbs.length > 0 && (
        <Breadcrumbs component="nav" aria-label="Breadcrumbs" separatorMargin={6} fz="sm">
          {crumbs.map(({ title: above, href }) => (
            <Anchor key={href} component={Link} href={withKept(href)} fz="sm">
              {above}
            </Anchor>
          ))}
        </Breadcrumbs>
      )}
      <Group gap="sm" wrap="wrap">
        <Title ref={heading} tabIndex={-1} order={1} size="h3" style={{ overflowWrap: 'anywhere' }}>
          {title}
        </Title>
        {badges}
        <div style={{ flex: 1 }} />
        {actions}
      </Group>
      {description !== undefined && (
        <Text component="div" c="dimmed" fz="sm">
          {description}
        </Text>
      )}
    </Stack>
  );
}
