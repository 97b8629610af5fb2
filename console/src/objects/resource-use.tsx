import { Group, Stack, Text } from '@mantine/core';
import { formatValue, type Unit } from '../charts/format-value.ts';
import { Meter } from '../charts/meter.tsx';

/** How much there is of a resource and what becomes of it; what is not known is undefined. */
export interface Resource {
  readonly capacity: number | undefined;
  /** What of it pods may have, where that is less. */
  readonly allocatable?: number | undefined;
  readonly requested: number | undefined;
  readonly used: number | undefined;
}

/** Use of a resource against its capacity, as a bar with a tick for what is requested, and in figures. */
export function ResourceUse({
  name,
  resource: { capacity, allocatable, requested, used },
  unit,
}: {
  readonly name: string;
  readonly resource: Resource;
  readonly unit: Unit;
}) {
  const share = (part: number | undefined): number | undefined =>
    part === undefined || capacity === undefined || capacity === 0 ? undefined : part / capacity;
  const percent = share(used);
  const parts = [
    ['used', used],
    ['requested', requested],
    ['allocatable', allocatable],
    ['there are', capacity],
  ] as const;
  return (
    <Stack gap={6}>
      <Group justify="space-between">
        <Text fz="sm" fw={600}>
          {name}
        </Text>
        <Text fz="sm" fw={600}>
          {percent === undefined ? '–' : formatValue(percent * 100, '%')}
        </Text>
      </Group>
      <Meter
        label={name}
        text={`${formatValue(used, unit)} used of ${formatValue(capacity, unit)}`}
        share={percent}
        mark={share(requested)}
      />
      <Text fz="xs" c="dimmed">
        {parts
          .filter(([, value]) => value !== undefined)
          .map(([word, value]) =>
            word === 'there are' ? `of ${formatValue(value, unit)}` : `${formatValue(value, unit)} ${word}`,
          )
          .join(' · ')}
      </Text>
    </Stack>
  );
}
