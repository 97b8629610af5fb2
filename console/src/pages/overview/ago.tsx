import { Text } from '@mantine/core';
import { useNow } from '../../app/clock.ts';
import { formatDateTime, formatDuration } from '../../app/format-time.ts';

/** How long ago something was, in one part; the moment itself where the mouse rests. Takes Unix milliseconds. */
export function Ago({ time }: { readonly time: number }) {
  const seconds = useNow() - time / 1000;
  const [number, unit] = formatDuration(seconds).split(' ');
  return (
    <Text
      component="time"
      fz="xs"
      c="dimmed"
      dateTime={new Date(time).toISOString()}
      title={formatDateTime(time / 1000)}
      style={{ whiteSpace: 'nowrap', fontVariantNumeric: 'tabular-nums' }}
    >
      {seconds < 5 ? 'now' : `${number} ${unit} ago`}
    </Text>
  );
}
