import { Box, Text } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';

const STEPS = [60, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800].map(
  (s) => s * 1000,
);
/** Pixels that a time takes. */
const LABEL = 80;
const DAY = 86_400_000;

/** Times below lanes, in the zone of the reader. Unix milliseconds. */
export function TimeAxis({ start, end }: { readonly start: number; readonly end: number }) {
  const { ref, width } = useElementSize();
  const most = Math.max(1, Math.min(6, Math.floor(width / LABEL)));
  const step = STEPS.find((one) => (end - start) / one <= most) ?? (end - start) / most;
  const zone = new Date(start).getTimezoneOffset() * 60_000;
  const ticks: number[] = [];
  for (let tick = Math.ceil((start - zone) / step) * step + zone; tick <= end; tick += step) ticks.push(tick);
  const format: Intl.DateTimeFormatOptions =
    step >= DAY ? { month: 'short', day: 'numeric' } : { hour: '2-digit', minute: '2-digit' };
  return (
    <Box ref={ref} pos="relative" h={20} aria-hidden style={{ overflow: 'hidden' }}>
      {ticks.map((tick) => {
        const share = (tick - start) / (end - start);
        if (share < 0.03 || share > 0.97) return null;
        return (
          <Text
            key={tick}
            size="xs"
            c="dimmed"
            pos="absolute"
            left={`${share * 100}%`}
            style={{ transform: 'translateX(-50%)', whiteSpace: 'nowrap' }}
          >
            {new Date(tick).toLocaleString(undefined, format)}
          </Text>
        );
      })}
    </Box>
  );
}
