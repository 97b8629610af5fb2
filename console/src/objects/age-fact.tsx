import { useNow } from '../app/clock.ts';
import { formatDateTime, formatDuration } from '../app/format-time.ts';

/** How long ago something was made, the moment itself where the mouse rests. Takes Unix seconds. */
export function AgeFact({ created }: { readonly created: number }) {
  return <span title={formatDateTime(created)}>{formatDuration(useNow() - created)} ago</span>;
}
