import { Text } from '@mantine/core';
import { formatValue } from '../charts/format-value.ts';

/** A percentage of what may be used, coloured where it comes near the whole or goes beyond. */
export function ShareText({ percent }: { readonly percent: number | null | undefined }) {
  if (percent === undefined || percent === null) return '–';
  const color = percent >= 95 ? 'red' : percent >= 80 ? 'orange' : undefined;
  return (
    <Text component="span" fz="inherit" {...(color !== undefined && { c: color, fw: 600 })}>
      {formatValue(percent, '%')}
    </Text>
  );
}
