import { severityRank } from './alert-severity.ts';
import type { LaneSpan } from './alert-timeline.ts';

/** Of a lane, what cannot be told from what stands beside it. */
const NARROW = 1 / 600;

/**
 * The spans of a lane that are worth drawing over a range of Unix milliseconds, in their order: of those too narrow to be seen one by one, the
 * worst of each place. So an alert that goes to and fro a thousand times is no thousand marks.
 */
export function laneMarks(
  spans: readonly LaneSpan[],
  { start, end }: { readonly start: number; readonly end: number },
): readonly LaneSpan[] {
  const width = (end - start) * NARROW;
  const marks: LaneSpan[] = [];
  let place = -1;
  for (const span of spans) {
    if (span.to - span.from >= width) {
      marks.push(span);
      place = -1;
      continue;
    }
    const own = Math.floor((span.from - start) / width);
    if (own !== place) marks.push(span);
    else if (isWorse(span, marks.at(-1)!)) marks[marks.length - 1] = span;
    place = own;
  }
  return marks;
}

function isWorse(span: LaneSpan, other: LaneSpan): boolean {
  if (span.state !== other.state) return span.state === 'firing';
  return severityRank(span.severity) < severityRank(other.severity);
}
