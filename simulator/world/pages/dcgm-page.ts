import { COLUMN } from '../load/columns.ts';
import type { Meters } from '../load/meters.ts';
import type { Machine } from '../runtime/machine.ts';
import type { PageWriter } from './page-writer.ts';
import { steadyGrowth } from './steady-growth.ts';

/** The page of a GPU node's DCGM exporter; a GPU that a container uses carries the container's labels. */
export function writeDcgm(
  writer: PageWriter,
  machine: Machine,
  { meters, now }: { readonly meters: Meters; readonly now: number },
): void {
  const gpus = machine.gpus.map(({ uuid, model, memory, row, user }, index) => {
    const busy = meters.value(row, COLUMN.gpuUtilisation, now);
    const used = meters.value(row, COLUMN.gpuMemory, now);
    const owner =
      user === undefined ? '' : `,container="${user.name}",namespace="${user.pod.namespace}",pod="${user.pod.name}"`;
    const labels = `{gpu="${index}",UUID="${uuid}",pci_bus_id="00000000:0${index + 1}:00.0",device="nvidia${index}",modelName="${model}",Hostname="${machine.name}",DCGM_FI_DRIVER_VERSION="550.163.01"${owner}}`;
    return { labels, busy, used, memory, key: uuid };
  });
  const family = (
    name: string,
    type: 'counter' | 'gauge',
    ...[help, value]: [string, (gpu: (typeof gpus)[number]) => number]
  ) => {
    writer.family(`DCGM_FI_${name}`, type, help);
    for (const gpu of gpus) writer.sample(`DCGM_FI_${name}${gpu.labels}`, value(gpu));
  };
  family('DEV_SM_CLOCK', 'gauge', 'SM clock frequency (in MHz).', ({ busy }) => (busy > 0 ? 1695 : 210));
  family('DEV_MEM_CLOCK', 'gauge', 'Memory clock frequency (in MHz).', ({ busy }) => (busy > 0 ? 6251 : 405));
  family('DEV_GPU_TEMP', 'gauge', 'GPU temperature (in C).', ({ busy }) => Math.round(34 + 0.4 * busy));
  family('DEV_POWER_USAGE', 'gauge', 'Power draw (in W).', ({ busy }) => 22 + 1.2 * busy);
  family('DEV_TOTAL_ENERGY_CONSUMPTION', 'counter', 'Total energy consumption since boot (in mJ).', ({ key }) =>
    Math.floor(steadyGrowth(60_000, { since: machine.bootedAt, now, key })),
  );
  family('DEV_GPU_UTIL', 'gauge', 'GPU utilization (in %).', ({ busy }) => busy);
  family('DEV_MEM_COPY_UTIL', 'gauge', 'Memory utilization (in %).', ({ busy }) => Math.round(busy * 0.6));
  family('DEV_XID_ERRORS', 'gauge', 'Value of the last XID error encountered.', () => 0);
  family('DEV_FB_FREE', 'gauge', 'Framebuffer memory free (in MiB).', ({ memory, used }) => memory - used);
  family('DEV_FB_USED', 'gauge', 'Framebuffer memory used (in MiB).', ({ used }) => used);
  family('PROF_GR_ENGINE_ACTIVE', 'gauge', 'Ratio of time the graphics engine is active.', ({ busy }) => busy / 100);
}
