import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Exposition } from './exposition.ts';
import { fields, type HostCollector, lines, numeric } from './host-collector.ts';

/** /proc/diskstats counts in these whatever the device's real sector is. */
const SECTOR_BYTES = 512;
const MILLISECOND = 0.001;

/** One per column after the device's name, in order. Kernels before 4.18 end after the 11th, before 5.5 after the 15th. */
const COLUMNS: readonly (readonly [name: string, type: 'counter' | 'gauge', scale: number, help: string])[] = [
  ['reads_completed_total', 'counter', 1, 'Reads that the device finished.'],
  ['reads_merged_total', 'counter', 1, 'Reads that were joined with a neighbour before they were sent.'],
  ['read_bytes_total', 'counter', SECTOR_BYTES, 'Bytes read.'],
  ['read_time_seconds_total', 'counter', MILLISECOND, 'Time that all reads together took.'],
  ['writes_completed_total', 'counter', 1, 'Writes that the device finished.'],
  ['writes_merged_total', 'counter', 1, 'Writes that were joined with a neighbour before they were sent.'],
  ['written_bytes_total', 'counter', SECTOR_BYTES, 'Bytes written.'],
  ['write_time_seconds_total', 'counter', MILLISECOND, 'Time that all writes together took.'],
  ['io_now', 'gauge', 1, 'Requests in flight.'],
  ['io_time_seconds_total', 'counter', MILLISECOND, 'Time during which at least one request was in flight.'],
  ['io_time_weighted_seconds_total', 'counter', MILLISECOND, 'Time in flight, summed over the requests.'],
  ['discards_completed_total', 'counter', 1, 'Discards that the device finished.'],
  ['discards_merged_total', 'counter', 1, 'Discards that were joined with a neighbour before they were sent.'],
  ['discarded_sectors_total', 'counter', 1, 'Sectors discarded.'],
  ['discard_time_seconds_total', 'counter', MILLISECOND, 'Time that all discards together took.'],
  ['flush_requests_total', 'counter', 1, 'Flushes that the device finished.'],
  ['flush_requests_time_seconds_total', 'counter', MILLISECOND, 'Time that all flushes together took.'],
];

/** Partitions and memory-backed devices, as node_exporter leaves them out. */
export const DEFAULT_DISK_EXCLUDE = /^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$/;

/** node_disk_*: the columns of /proc/diskstats, and what udev knows of the device. */
export function diskstats(exclude: RegExp): HostCollector {
  return {
    name: 'diskstats',
    async collect(files, out) {
      for (const line of lines(files.proc('diskstats'))) {
        const [major = '', minor = '', device = '', ...columns] = fields(line);
        if (exclude.test(device)) continue;
        COLUMNS.forEach(([name, type, scale, help], index) => {
          if (columns[index] === undefined) return;
          const value = numeric(columns[index], 'diskstats');
          // Dividing gives the double nearest to the true number of seconds, multiplying by 0.001 does not.
          out[type](`node_disk_${name}`, help).add(scale === MILLISECOND ? value / 1000 : value * scale, { device });
        });
        const properties = await udevProperties(join(files.roots.udev, `b${major}:${minor}`));
        describeDevice(out, { device, major, minor }, properties);
      }
    },
  };
}

function describeDevice(
  out: Exposition,
  { device, major, minor }: { device: string; major: string; minor: string },
  properties: ReadonlyMap<string, string>,
): void {
  const property = (name: string) => properties.get(name) ?? '';
  out.gauge('node_disk_info', 'Always 1; the labels tell what the block device is.').add(1, {
    device,
    major,
    minor,
    path: property('ID_PATH'),
    wwn: property('ID_WWN'),
    model: property('ID_MODEL'),
    serial: property('ID_SERIAL_SHORT'),
    revision: property('ID_REVISION'),
  });
  if (property('ID_FS_USAGE') !== '') {
    out.gauge('node_disk_filesystem_info', 'Always 1; the labels tell the file system on the device.').add(1, {
      device,
      type: property('ID_FS_TYPE'),
      usage: property('ID_FS_USAGE'),
      uuid: property('ID_FS_UUID'),
      version: property('ID_FS_VERSION'),
    });
  }
  if (property('DM_NAME') !== '') {
    out.gauge('node_disk_device_mapper_info', 'Always 1; the labels tell the mapped device and its volume.').add(1, {
      device,
      name: property('DM_NAME'),
      uuid: property('DM_UUID'),
      vg_name: property('DM_VG_NAME'),
      lv_name: property('DM_LV_NAME'),
      lv_layer: property('DM_LV_LAYER'),
    });
  }
}

/** The `E:NAME=value` lines of a device in udev's database; none when there is no udev. */
async function udevProperties(path: string): Promise<ReadonlyMap<string, string>> {
  const properties = new Map<string, string>();
  const text = await readFile(path, 'utf8').catch(() => '');
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=');
    if (line.startsWith('E:') && equals > 0) properties.set(line.slice(2, equals), line.slice(equals + 1));
  }
  return properties;
}
