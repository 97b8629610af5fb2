import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostCollector } from './host-collector.ts';

const CONFIGURED: Readonly<Record<string, number>> = { enforcing: 1, permissive: 0, disabled: -1 };

/** node_selinux_enabled, node_selinux_current_mode and node_selinux_config_mode. */
export const selinux: HostCollector = {
  name: 'selinux',
  async collect(files, out) {
    const mode = await files.sysNumberIf('fs/selinux/enforce');
    out.gauge('node_selinux_enabled', '1 when SELinux is in the kernel and mounted.').add(mode === undefined ? 0 : 1);
    if (mode === undefined) return;
    out.gauge('node_selinux_current_mode', '1 when SELinux enforces, 0 when it only reports.').add(mode);
    const config = await readFile(join(files.roots.rootfs, 'etc/selinux/config'), 'utf8').catch(() => '');
    const configured = CONFIGURED[/^SELINUX=(\w+)/m.exec(config)?.[1] ?? ''];
    if (configured !== undefined) {
      out
        .gauge('node_selinux_config_mode', '1 enforcing, 0 permissive, -1 disabled after the next start.')
        .add(configured);
    }
  },
};
