import type { HostCollector } from './host-collector.ts';

/** node_time_seconds, the zone and the clock sources. */
export function time(clock: () => number): HostCollector {
  return {
    name: 'time',
    async collect(files, out) {
      const now = new Date(clock());
      out.gauge('node_time_seconds', 'The clock of the machine, Unix time.').add(now.getTime() / 1000);
      out
        .gauge('node_time_zone_offset_seconds', 'How far local time is ahead of UTC.')
        .add(0 - now.getTimezoneOffset() * 60, { time_zone: zoneName(now) });
      const root = 'devices/system/clocksource';
      for (const directory of files.sysListIf(root)) {
        const device = /^clocksource(\d+)$/.exec(directory)?.[1];
        if (device === undefined) continue;
        const available = await files.sysIf(`${root}/${directory}/available_clocksource`);
        for (const clocksource of (available ?? '').split(/\s+/).filter(Boolean)) {
          out
            .gauge('node_time_clocksource_available_info', 'Always 1; a clock that the kernel could use.')
            .add(1, { device, clocksource });
        }
        const clocksource = await files.sysIf(`${root}/${directory}/current_clocksource`);
        if (clocksource !== undefined) {
          out
            .gauge('node_time_clocksource_current_info', 'Always 1; the clock that the kernel uses.')
            .add(1, { device, clocksource });
        }
      }
    },
  };
}

function zoneName(now: Date): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(now);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
}
