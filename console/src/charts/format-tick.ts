const DAY = 86_400;
const manners = new Map<string, Intl.DateTimeFormat>();

/** What stands below a chart at moments (Unix seconds) that are `spacing` seconds apart, in the user's zone: times, and days where they begin. */
export function formatTicks(moments: readonly number[], spacing: number, zone?: string): string[] {
  let before: string | undefined;
  return moments.map((moment) => {
    const date = new Date(moment * 1000);
    const day = manner('day', { month: 'short', day: 'numeric' }, zone).format(date);
    const isNewDay = before !== undefined && day !== before;
    before = day;
    if (spacing >= DAY || isNewDay) return day;
    const seconds = spacing < 60 ? ({ second: '2-digit' } as const) : {};
    return manner(
      `time ${spacing < 60}`,
      { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', ...seconds },
      zone,
    ).format(date);
  });
}

function manner(name: string, options: Intl.DateTimeFormatOptions, zone: string | undefined): Intl.DateTimeFormat {
  const key = `${name} ${zone ?? ''}`;
  let found = manners.get(key);
  if (found === undefined) {
    found = new Intl.DateTimeFormat(undefined, zone === undefined ? options : { ...options, timeZone: zone });
    manners.set(key, found);
  }
  return found;
}
