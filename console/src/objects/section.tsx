import { Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

/** A part of a page, under a heading. */
export function Section({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Stack component="section" gap="xs" aria-label={title}>
      <Title order={2} size="h5">
        {title}
      </Title>
      {children}
    </Stack>
  );
}

/** Said in place of what a section would show. */
export function SectionNote({ children }: { readonly children: ReactNode }) {
  return (
    <Text size="sm" c="dimmed" role="status">
      {children}
    </Text>
  );
}
