import { Select } from '@mantine/core';
import { useTimeRange } from './time-range.ts';

const RANGES = [
  ['now-5m', '5 minutes'],
  ['now-15m', '15 minutes'],
  ['now-1h', '1 hour'],
  ['now-6h', '6 hours'],
  ['now-1d', '1 day'],
  ['now-7d', '7 days'],
  ['now-30d', '30 days'],
] as const;

/** Which time all charts show. */
export function TimePicker() {
  const [range, setRange] = useTimeRange();
  const known = range.isLive && RANGES.some(([from]) => from === range.from);
  const own = `${new Date(range.start * 1000).toLocaleString()} – ${new Date(range.end * 1000).toLocaleString()}`;
  return (
    <Select
      aria-label="Time range"
      w={known ? 130 : 310}
      allowDeselect={false}
      data={[
        ...RANGES.map(([value, label]) => ({ value, label: `Last ${label}` })),
        ...(known ? [] : [{ value: 'own', label: own }]),
      ]}
      value={known ? range.from : 'own'}
      onChange={(from) => from !== null && from !== 'own' && setRange(from, 'now')}
    />
  );
}
