import { Group, Text } from '@mantine/core';
import { NameText } from '../../objects/name-text.tsx';
import type { Label } from './shared-labels.ts';

/** Labels with their values, side by side; none is broken where there is room for it. */
export function LabelList({ labels }: { readonly labels: readonly Label[] }) {
  return (
    <Group component="span" gap="0 10px">
      {labels.map(([name, value]) => (
        <Text key={name} component="span" fz="xs" c="dimmed" miw={0} style={{ whiteSpace: 'nowrap' }}>
          {name}=
          <Text span inherit c="var(--mantine-color-text)">
            <NameText>{value}</NameText>
          </Text>
        </Text>
      ))}
    </Group>
  );
}
