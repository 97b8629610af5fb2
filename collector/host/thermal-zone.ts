import type { HostCollector } from './host-collector.ts';

/** node_thermal_zone_temp and node_cooling_device_*. Nothing on machines without sensors, as most virtual ones. */
export const thermalZone: HostCollector = {
  name: 'thermal_zone',
  async collect(files, out) {
    for (const directory of files.sysList('class/thermal')) {
      const path = `class/thermal/${directory}`;
      const type = (await files.sysIf(`${path}/type`)) ?? '';
      const zone = /^thermal_zone(\d+)$/.exec(directory)?.[1];
      const name = /^cooling_device(\d+)$/.exec(directory)?.[1];
      if (zone !== undefined) {
        const millidegrees = await files.sysNumberIf(`${path}/temp`);
        if (millidegrees === undefined) continue;
        out
          .gauge('node_thermal_zone_temp', 'Temperature of the zone, degrees Celsius.')
          .add(millidegrees / 1000, { zone, type });
      } else if (name !== undefined) {
        const current = await files.sysNumberIf(`${path}/cur_state`);
        const maximum = await files.sysNumberIf(`${path}/max_state`);
        if (current === undefined || maximum === undefined) continue;
        out.gauge('node_cooling_device_cur_state', 'How strongly the device cools now.').add(current, { name, type });
        out.gauge('node_cooling_device_max_state', 'How strongly the device can cool.').add(maximum, { name, type });
      }
    }
  },
};
