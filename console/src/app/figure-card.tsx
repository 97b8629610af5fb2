import { Card, Text } from '@mantine/core';
import type { ReactNode } from 'react';

/** One figure with its name, and a line on what it means. */
export function FigureCard({
  title,
  value,
  text,
}: {
  readonly title: string;
  readonly value: ReactNode;
  readonly text?: ReactNode;
}) {
  return (
    <Card withBorder padding="sm" miw={0}>
      <Text fz="xs" c="dimmed">
        {title}
      </Text>
      <Text component="div" fz={22} fw={600} lh={1.3} style={{ fontVariantNumeric: 'tabular-nums' }}>
        {value}
      </Text>
      {text !== undefined && (
        <Text component="div" fz="xs" c="dimmed">
          {text}
        </Text>
      )}
    </Card>
  );
}
