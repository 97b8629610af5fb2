import type { HostCollector } from './host-collector.ts';

/** Files below /sys/class/dmi/id and the label each becomes. Serial numbers are readable by root only. */
const FILES: readonly (readonly [file: string, label: string])[] = [
  ...[
    'bios_date',
    'bios_release',
    'bios_vendor',
    'bios_version',
    'board_asset_tag',
    'board_name',
    'board_serial',
    'board_vendor',
    'board_version',
    'chassis_asset_tag',
    'chassis_serial',
    'chassis_vendor',
    'chassis_version',
    'product_family',
    'product_name',
    'product_serial',
    'product_sku',
    'product_uuid',
    'product_version',
  ].map((name) => [name, name] as const),
  ['sys_vendor', 'system_vendor'],
];

/** node_dmi_info. The firmware's tables do not change while the machine runs, so they are read once. */
export function dmi(): HostCollector {
  let known: Record<string, string> | undefined;
  return {
    name: 'dmi',
    async collect(files, out) {
      if (known === undefined) {
        files.sysList('class/dmi/id');
        const labels: Record<string, string> = {};
        for (const [file, label] of FILES) {
          const value = await files.sysIf(`class/dmi/id/${file}`);
          if (value !== undefined) labels[label] = value;
        }
        known = labels;
      }
      out.gauge('node_dmi_info', 'Always 1; the labels tell the hardware and its firmware.').add(1, known);
    },
  };
}
