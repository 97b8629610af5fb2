import { Card, Stack, Title } from '@mantine/core';
import type { ReactNode } from 'react';

/** A part of the form, under a heading. */
export function FormSection({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Card withBorder padding="md" component="section" aria-label={title} style={{ overflow: 'visible' }}>
      <Title order={2} size="h5" mb="sm">
        {title}
      </Title>
      <Stack gap="sm">{children}</Stack>
    </Card>
  );
}
