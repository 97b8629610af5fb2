import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostCollector } from './host-collector.ts';

const LABELS = [
  'build_id',
  'id',
  'id_like',
  'image_id',
  'image_version',
  'name',
  'pretty_name',
  'variant',
  'variant_id',
  'version',
  'version_codename',
  'version_id',
] as const;

/** node_os_info, node_os_version and node_os_support_end_timestamp_seconds, from os-release. */
export const osRelease: HostCollector = {
  name: 'os',
  async collect(files, out) {
    const read = (path: string) => readFile(join(files.roots.rootfs, path), 'utf8');
    const release = parseOsRelease(await read('etc/os-release').catch(() => read('usr/lib/os-release')));
    const labels: Record<string, string> = {};
    for (const name of LABELS) labels[name] = release.get(name.toUpperCase()) ?? '';
    out.gauge('node_os_info', 'Always 1; the labels tell the operating system.').add(1, labels);
    const version = /^\d+(\.\d+)?/.exec(labels.version_id ?? '')?.[0];
    if (version !== undefined) {
      const { id = '', id_like = '', name = '' } = labels;
      out.gauge('node_os_version', 'Major and minor version as a number.').add(Number(version), { id, id_like, name });
    }
    const end = Date.parse(`${release.get('SUPPORT_END') ?? ''}T00:00:00Z`);
    if (!Number.isNaN(end)) {
      out.gauge('node_os_support_end_timestamp_seconds', 'When support of the system ends, Unix time.').add(end / 1000);
    }
  },
};

/** Assignments as a shell reads them: `NAME=value`, `NAME="va\"lue"`, `NAME='value'`; comments start with #. */
function parseOsRelease(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name, raw] = /^([A-Z][A-Z0-9_]*)=(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined || raw === undefined) continue;
    if (raw.startsWith("'")) values.set(name, raw.replace(/^'|'$/g, ''));
    else values.set(name, raw.replace(/^"|"$/g, '').replace(/\\(.)/g, '$1'));
  }
  return values;
}
