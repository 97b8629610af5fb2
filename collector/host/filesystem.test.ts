import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Exposition } from './exposition.ts';
import {
  DEFAULT_FS_TYPES_EXCLUDE,
  DEFAULT_MOUNT_POINTS_EXCLUDE,
  type FileSystemSize,
  filesystem,
} from './filesystem.ts';
import { HostFiles } from './host-files.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pharos-mounts-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function hostFiles(mounts: string, rootfs = '/'): HostFiles {
  mkdirSync(join(root, '1'), { recursive: true });
  writeFileSync(join(root, '1/mounts'), mounts);
  return new HostFiles({ proc: root, sys: root, rootfs, udev: root });
}

const SIZE: FileSystemSize = { bsize: 4096, blocks: 100, bfree: 50, bavail: 40, files: 10, ffree: 5 };

function collector(statfs: (path: string) => Promise<FileSystemSize>) {
  return filesystem({
    mountPointsExclude: DEFAULT_MOUNT_POINTS_EXCLUDE,
    fsTypesExclude: DEFAULT_FS_TYPES_EXCLUDE,
    timeout: 20,
    statfs,
  });
}

async function text(files: HostFiles, of: ReturnType<typeof collector>): Promise<string[]> {
  const out = new Exposition();
  await of.collect(files, out);
  return out
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
}

test('sizes in bytes, escapes in paths, read-only, and what is left out', async () => {
  const files = hostFiles(
    '/dev/sda1 / ext4 rw,relatime 0 0\n/dev/sdb1 /data\\040disk xfs ro,noatime 0 0\nproc /proc proc rw 0 0\n' +
      'overlay /var/lib/docker/overlay2/abc/merged overlay rw 0 0\ntmpfs /run tmpfs rw 0 0\ncgroup /sys/fs/cgroup cgroup2 rw 0 0\n',
  );
  const asked: string[] = [];
  const lines = await text(
    files,
    collector(async (path) => {
      asked.push(path);
      return SIZE;
    }),
  );
  expect(asked).toEqual(['/', '/data disk', '/run']);
  const labels = '{device="/dev/sda1",mountpoint="/",fstype="ext4"}';
  expect(lines).toContain(`node_filesystem_size_bytes${labels} 409600`);
  expect(lines).toContain(`node_filesystem_free_bytes${labels} 204800`);
  expect(lines).toContain(`node_filesystem_avail_bytes${labels} 163840`);
  expect(lines).toContain(`node_filesystem_files${labels} 10`);
  expect(lines).toContain(`node_filesystem_files_free${labels} 5`);
  expect(lines).toContain(`node_filesystem_device_error${labels} 0`);
  expect(lines).toContain(`node_filesystem_readonly${labels} 0`);
  expect(lines).toContain('node_filesystem_readonly{device="/dev/sdb1",mountpoint="/data disk",fstype="xfs"} 1');
});

test('a path mounted over is one file system, and the prefix of rootfs is taken off and put on again', async () => {
  const files = hostFiles(
    '/dev/a /host/root ext4 rw 0 0\n/dev/b /host/root/x ext4 rw 0 0\n/dev/c /host/root/x xfs rw 0 0\n',
    '/host/root',
  );
  const asked: string[] = [];
  const lines = await text(
    files,
    collector(async (path) => {
      asked.push(path);
      return SIZE;
    }),
  );
  expect(asked).toEqual(['/host/root/', '/host/root/x']);
  const sizes = lines.filter((line) => line.startsWith('node_filesystem_size_bytes'));
  expect(sizes).toEqual([
    'node_filesystem_size_bytes{device="/dev/a",mountpoint="/",fstype="ext4"} 409600',
    'node_filesystem_size_bytes{device="/dev/c",mountpoint="/x",fstype="xfs"} 409600',
  ]);
});

test('hung servers get a device error, take two threads at most and are asked again when they have answered', async () => {
  const files = hostFiles(
    '/dev/sda1 / ext4 rw 0 0\ns:/1 /n1 nfs4 rw 0 0\ns:/2 /n2 nfs4 rw 0 0\ns:/3 /n3 nfs4 rw 0 0\n/dev/sdb1 /b ext4 rw 0 0\n',
  );
  const hung = new Map<string, (size: FileSystemSize) => void>();
  let serverIsDead = true;
  const mounts = collector((path) => {
    if (!path.startsWith('/n') || !serverIsDead) return Promise.resolve(SIZE);
    expect(hung.has(path), 'asked while it hangs').toBe(false);
    return new Promise((resolve) => hung.set(path, resolve));
  });
  for (let scrape = 0; scrape < 3; scrape++) {
    const lines = await text(files, mounts);
    expect(lines).toContain('node_filesystem_device_error{device="/dev/sda1",mountpoint="/",fstype="ext4"} 0');
    expect(lines).toContain('node_filesystem_device_error{device="/dev/sdb1",mountpoint="/b",fstype="ext4"} 0');
    const errors = lines.filter((line) => /^node_filesystem_device_error.* 1$/.test(line));
    expect(errors.map((line) => /mountpoint="([^"]*)"/.exec(line)?.[1])).toEqual(['/n1', '/n2', '/n3']);
    expect(errors[0]).toContain('device_error="mountpoint timeout"');
    expect(lines.filter((line) => line.startsWith('node_filesystem_size_bytes'))).toHaveLength(2);
    expect([...hung.keys()]).toEqual(['/n1', '/n2']);
  }
  serverIsDead = false;
  for (const answer of hung.values()) answer(SIZE);
  await new Promise(setImmediate);
  const lines = await text(files, mounts);
  expect(lines.filter((line) => line.startsWith('node_filesystem_size_bytes'))).toHaveLength(5);
});

test('an error of statfs is named', async () => {
  const files = hostFiles('/dev/sda1 /gone ext4 rw 0 0\n', join(root, 'nothing-here'));
  const mounts = filesystem({ mountPointsExclude: /^$/, fsTypesExclude: /^$/, timeout: 5_000 });
  expect(await text(files, mounts)).toContain(
    'node_filesystem_device_error{device="/dev/sda1",mountpoint="/gone",fstype="ext4",device_error="ENOENT"} 1',
  );
});
