import { Box, Text } from '@mantine/core';
import type { Autoscaler } from './autoscaler.ts';

/** Where the replicas are between the least and the most, and where they are wanted. */
export function ReplicaMeter({
  autoscaler: { minReplicas, maxReplicas, currentReplicas, desiredReplicas },
}: {
  readonly autoscaler: Autoscaler;
}) {
  const current = currentReplicas ?? 0;
  const share = (replicas: number): string => `${Math.min(100, (replicas / Math.max(1, maxReplicas)) * 100)}%`;
  const isFull = current >= maxReplicas;
  const moves = desiredReplicas !== null && currentReplicas !== null && desiredReplicas !== currentReplicas;
  return (
    <Box miw={130}>
      <Text size="xs" ta="start" style={{ fontVariantNumeric: 'tabular-nums' }}>
        <b>{currentReplicas ?? '?'}</b>
        {moves && ` → ${desiredReplicas}`}
        <Text span c="dimmed" inherit>
          {' '}
          of {minReplicas}–{maxReplicas}
        </Text>
      </Text>
      <Box
        pos="relative"
        h={6}
        mt={2}
        bg="var(--mantine-color-default-border)"
        style={{ borderRadius: 3, overflow: 'hidden' }}
        role="meter"
        aria-label="Replicas"
        aria-valuemin={0}
        aria-valuemax={maxReplicas}
        aria-valuenow={current}
      >
        <Box
          pos="absolute"
          h="100%"
          w={share(current)}
          bg={isFull ? 'var(--mantine-color-orange-6)' : 'var(--mantine-color-blue-6)'}
        />
        <Box pos="absolute" h="100%" w={2} left={share(minReplicas)} bg="var(--mantine-color-text)" opacity={0.5} />
      </Box>
    </Box>
  );
}
