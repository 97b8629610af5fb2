/** Lets through the first of a minute's log lines: senders repeat themselves; the log need not. */
export function oncePerMinute(now: () => number): (log: () => void) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (log) => {
    if (now() - last < 60_000) return;
    last = now();
    log();
  };
}
