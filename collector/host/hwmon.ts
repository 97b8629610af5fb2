import { basename, dirname } from 'node:path';
import type { HostCollector } from './host-collector.ts';

/** Kind of sensor: the unit that ends the family's name, what the kernel's number is divided by, the word for the help. */
const KINDS: Readonly<Record<string, readonly [unit: string, divisor: number, word: string]>> = {
  temp: ['celsius', 1000, 'Temperature'],
  in: ['volts', 1000, 'Voltage'],
  curr: ['amps', 1000, 'Current'],
  fan: ['rpm', 1, 'Speed of a fan'],
  power: ['watt', 1e6, 'Power'],
  humidity: ['', 1e6, 'Relative humidity'],
  energy: ['joule_total', 1e6, 'Energy consumed'],
};
/** The values of a sensor that are in its unit; `input` is the reading itself. */
const IN_UNIT = /^(input|average|min|max|crit|lcrit|cap|emergency|highest|lowest|crit_hyst|max_hyst|crit_alarm)$/;

/** node_hwmon_*: the sensors that drivers publish below /sys/class/hwmon. */
export const hwmon: HostCollector = {
  name: 'hwmon',
  async collect(files, out) {
    for (const directory of files.sysList('class/hwmon')) {
      const path = `class/hwmon/${directory}`;
      const name = (await files.sysIf(`${path}/name`)) ?? '';
      const device = await files.sysLinkIf(`${path}/device`);
      const chip =
        device === undefined
          ? cleanName(name || directory)
          : cleanName(`${basename(dirname(device))}_${basename(device)}`);
      if (name !== '') {
        out.gauge('node_hwmon_chip_names', 'Always 1; the name that the driver gives the chip.').add(1, {
          chip,
          chip_name: cleanName(name),
        });
      }
      for (const file of files.sysList(path)) {
        const [, kind = '', index = '', property = ''] = /^([a-z]+)(\d+)_([a-z_]+)$/.exec(file) ?? [];
        const known = KINDS[kind];
        if (known === undefined) continue;
        const sensor = `${kind}${index}`;
        const [unit, divisor, word] = known;
        if (property === 'label') {
          const label = await files.sysIf(`${path}/${file}`);
          if (label === undefined) continue;
          out.gauge('node_hwmon_sensor_label', 'Always 1; what the sensor measures.').add(1, { chip, sensor, label });
          continue;
        }
        const value = await files.sysNumberIf(`${path}/${file}`);
        if (value === undefined) continue;
        if (property.endsWith('alarm')) {
          out
            .gauge(`node_hwmon_${kind}_${property}`, `${word}: ${property} of the sensor.`)
            .add(value, { chip, sensor });
        } else if (IN_UNIT.test(property)) {
          const middle = property === 'input' ? '' : `_${property}`;
          const family = `node_hwmon_${kind}${middle}${unit === '' ? '' : `_${unit}`}`;
          const type = unit.endsWith('_total') ? 'counter' : 'gauge';
          out[type](family, `${word}: ${property} of the sensor.`).add(value / divisor, { chip, sensor });
        }
      }
    }
  },
};

function cleanName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9:_]+/g, '_')
    .replace(/^_+|_+$/g, '');
}
