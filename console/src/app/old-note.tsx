import { Text } from '@mantine/core';
import { useLostAt, useLostStore } from '../api/connection.ts';

/** Above data that could not be loaded again: that it is old, and why. While the server or the store is away, the frame says that for all. */
export function OldNote({ error }: { readonly error: Error | undefined }) {
  const lostAt = useLostAt();
  const lostStore = useLostStore();
  if (error === undefined || lostAt !== undefined || lostStore !== undefined) return null;
  return (
    <Text fz="sm" c="var(--mantine-color-error)" role="alert" mb="xs">
      What is shown is old: {error.message}
    </Text>
  );
}
