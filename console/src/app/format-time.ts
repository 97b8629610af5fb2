const DAY = 86_400;
const PARTS = [
  ['d', DAY],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const;

/** A moment in the user's zone and manner, to the second. Takes Unix seconds. */
export function formatDateTime(seconds: number): string {
  return new Date(seconds * 1000).toLocaleString(undefined, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
}

/** How long, in at most two parts: `3 d 4 h`, `12 min`, `40 s`. Takes seconds. */
export function formatDuration(seconds: number): string {
  let rest = Math.max(0, Math.round(seconds));
  const first = PARTS.findIndex(([, size]) => rest >= size);
  if (first === -1) return '0 s';
  const said: string[] = [];
  for (const [name, size] of PARTS.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) said.push(`${count} ${name}`);
  }
  return said.join(' ');
}
