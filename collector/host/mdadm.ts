import { type HostCollector, lines } from './host-collector.ts';

/** A software RAID device as /proc/mdstat shows it. */
interface MdDevice {
  readonly name: string;
  readonly state: string;
  readonly disks: Readonly<Record<'active' | 'failed' | 'spare', number>>;
  readonly required: number;
  readonly blocks: number;
  readonly syncedBlocks: number;
}

const STATES = ['active', 'inactive', 'recovering', 'resync', 'check', 'reshape'] as const;

/** node_md_*: the software RAID devices. Fails where the driver is not loaded. */
export const mdadm: HostCollector = {
  name: 'mdadm',
  collect(files, out) {
    for (const device of parseMdstat(files.proc('mdstat'))) {
      const labels = { device: device.name };
      for (const [state, count] of Object.entries(device.disks)) {
        out.gauge('node_md_disks', 'Disks of the array by state.').add(count, { ...labels, state });
      }
      out.gauge('node_md_disks_required', 'Disks that the array needs to be whole.').add(device.required, labels);
      for (const state of STATES) {
        const on = state === device.state ? 1 : 0;
        out.gauge('node_md_state', '1 for the state that the array is in.').add(on, { ...labels, state });
      }
      out.gauge('node_md_blocks', 'Blocks of the array.').add(device.blocks, labels);
      out.gauge('node_md_blocks_synced', 'Blocks of the array that are in step.').add(device.syncedBlocks, labels);
    }
  },
};

/**
 * An array is three lines or more, the first not indented:
 *
 *     md0 : active raid1 sdb1[1] sda1[0](F) sdc1[2](S)
 *           1000 blocks super 1.2 [2/1] [_U]
 *           [=>....]  recovery = 8.5% (85/1000) finish=…
 */
function* parseMdstat(text: string): Generator<MdDevice> {
  const rows = lines(text);
  for (let i = 0; i < rows.length; i++) {
    const [, name, activity, rest = ''] = /^(\S+)\s*:\s*(active|inactive)\b(.*)$/.exec(rows[i]!) ?? [];
    if (name === undefined || activity === undefined) continue;
    let detail = '';
    while (i + 1 < rows.length && /^\s/.test(rows[i + 1]!)) detail += `${rows[++i]!}\n`;
    const members = rest.match(/\S+\[\d+\](\([A-Z]\))*/g) ?? [];
    const failed = members.filter((member) => member.includes('(F)')).length;
    const spare = members.filter((member) => member.includes('(S)')).length;
    const [, required, active] = /\[(\d+)\/(\d+)\]/.exec(detail) ?? [];
    const blocks = Number(/(\d+) blocks/.exec(detail)?.[1] ?? 0);
    const working = members.length - failed - spare;
    const [, action, synced] = /(recovery|resync|check|reshape)\s*=\s*[\d.]+%\s*\((\d+)\/\d+\)/.exec(detail) ?? [];
    yield {
      name,
      state: activity === 'inactive' ? 'inactive' : action === 'recovery' ? 'recovering' : (action ?? 'active'),
      // Arrays without redundancy do not say how many disks they need: all of them.
      disks: { active: active === undefined ? (activity === 'active' ? working : 0) : Number(active), failed, spare },
      required: required === undefined ? working : Number(required),
      blocks,
      syncedBlocks: synced === undefined ? blocks : Number(synced),
    };
  }
}
