import { Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

/** What stands where there is nothing to show: why, and what to do about it. */
export function EmptyState({
  title,
  order = 2,
  text,
  children,
}: {
  readonly title: string;
  /** Of its heading: 1 where the page has no other. Default: 2. */
  readonly order?: 1 | 2;
  readonly text: string;
  readonly children?: ReactNode;
}) {
  return (
    <Stack align="center" gap="xs" py="xl" role="status">
      <Title order={order} size="h4">
        {title}
      </Title>
      <Text c="dimmed" ta="center" maw={520}>
        {text}
      </Text>
      {children}
    </Stack>
  );
}
