import { Card, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useId } from 'react';
import type { Loaded } from '../../api/use-data.ts';
import { ErrorState } from '../../app/error-state.tsx';
import { OldNote } from '../../app/old-note.tsx';

/** A part of a page with a heading; `aside` stands beside the heading. */
export function Panel({
  title,
  aside,
  children,
}: {
  readonly title: ReactNode;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}) {
  const id = useId();
  return (
    <Card component="section" withBorder padding="sm" miw={0} aria-labelledby={id}>
      <Group gap="xs" mb="xs" wrap="wrap" mih={26}>
        <Title order={2} size="h5" id={id}>
          {title}
        </Title>
        <div style={{ flex: 1 }} />
        {aside}
      </Group>
      {children}
    </Card>
  );
}

/** What was loaded, or that it is being loaded, or why it could not be; after an error what was there before stays, with a note. */
export function PanelBody<T>({
  loaded: { data, error, reload },
  title,
  children,
}: {
  readonly loaded: Loaded<T | undefined>;
  readonly title: string;
  readonly children: (data: T) => ReactNode;
}) {
  if (data === undefined) {
    if (error !== undefined) return <ErrorState title={title} error={error} onRetry={reload} />;
    return (
      <Stack gap={8} role="status" aria-label="Loading">
        {[90, 70, 80].map((width) => (
          <Skeleton key={width} height={14} width={`${width}%`} />
        ))}
      </Stack>
    );
  }
  return (
    <>
      <OldNote error={error} />
      {children(data)}
    </>
  );
}

/** Stands where a list has nothing, and that is good, or at least nothing to act on. */
export function Nothing({ children }: { readonly children: ReactNode }) {
  return (
    <Text c="dimmed" fz="sm" py="xs">
      {children}
    </Text>
  );
}
