import { Box, Tooltip, useComputedColorScheme } from '@mantine/core';
import { useState } from 'react';
import { formatDuration } from '../../app/format-time.ts';
import { severityRank } from './alert-severity.ts';
import type { LaneSpan } from './alert-timeline.ts';
import { laneMarks } from './lane-marks.ts';

const HEIGHT = 18;
/** So wide is what lasts no time, in percent. */
const NARROWEST = 0.3;
/** How old the end of a range that goes on is at most, with the slowest refresh. */
const NOW = 10 * 60_000;
const FIRING = [
  ['var(--mantine-color-red-7)', 'var(--mantine-color-red-6)'],
  ['var(--mantine-color-orange-6)', 'var(--mantine-color-orange-6)'],
  ['var(--mantine-color-blue-6)', 'var(--mantine-color-blue-5)'],
  ['var(--mantine-color-gray-6)', 'var(--mantine-color-gray-5)'],
] as const;

/** The states of one alert over a range of Unix milliseconds; what is under the pointer says when it was and with which value. */
export function LaneChart({
  spans,
  start,
  end,
  knownFrom = start,
  label,
}: {
  readonly spans: readonly LaneSpan[];
  readonly start: number;
  readonly end: number;
  /** Before it nothing is known; nothing is drawn there. Default: the start. */
  readonly knownFrom?: number | undefined;
  readonly label: string;
}) {
  const [shown, setShown] = useState<LaneSpan>();
  const isDark = useComputedColorScheme('light') === 'dark';
  const at = (time: number): number => ((Math.min(Math.max(time, knownFrom), end) - start) / (end - start)) * 100;
  return (
    <Tooltip.Floating
      disabled={shown === undefined}
      label={shown !== undefined && <SpanText span={shown} />}
      multiline
      position="top"
      withinPortal={false}
    >
      <Box component="svg" w="100%" h={HEIGHT} role="img" aria-label={label} display="block">
        <rect
          x={`${at(knownFrom)}%`}
          width="100%"
          height={HEIGHT}
          fill="var(--mantine-color-default-border)"
          opacity={0.35}
          rx={2}
        />
        {laneMarks(spans, { start, end }).map((span) => {
          const isPending = span.state === 'pending';
          const colour = isPending
            ? 'var(--mantine-color-yellow-5)'
            : FIRING[severityRank(span.severity)]![isDark ? 1 : 0];
          const width = Math.max(at(span.to) - at(span.from), NARROWEST);
          return (
            <rect
              key={`${span.from} ${span.state}`}
              x={`${Math.min(at(span.from), 100 - width)}%`}
              y={isPending ? 5 : 1}
              width={`${width}%`}
              height={isPending ? HEIGHT - 10 : HEIGHT - 2}
              fill={colour}
              onPointerEnter={() => setShown(span)}
              onPointerLeave={() => setShown(undefined)}
            />
          );
        })}
      </Box>
    </Tooltip.Floating>
  );
}

function SpanText({ span: { from, to, state, severity, value, isOpen } }: { readonly span: LaneSpan }) {
  return (
    <>
      <b>
        {state}
        {severity !== undefined && `, ${severity}`}
      </b>
      <br />
      {new Date(from).toLocaleString()} – {endText({ from, to, isOpen })} ({isOpen && !isNow(to) && 'at least '}
      {formatDuration((to - from) / 1000)})
      {!Number.isNaN(value) && (
        <>
          <br />
          value {Number(value.toPrecision(4))}
        </>
      )}
    </>
  );
}

/** `now`, or the time, with its day where that is another one. */
function endText({ from, to, isOpen }: Pick<LaneSpan, 'from' | 'to' | 'isOpen'>): string {
  if (isOpen && isNow(to)) return 'now';
  const [first, last] = [new Date(from), new Date(to)];
  return first.toDateString() === last.toDateString() ? last.toLocaleTimeString() : last.toLocaleString();
}

/** Whether it is the end of a range that goes on. */
function isNow(time: number): boolean {
  return Date.now() - time < NOW;
}
