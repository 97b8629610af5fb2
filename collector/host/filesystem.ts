import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { fields, type HostCollector, lines } from './host-collector.ts';
import { type HostFiles, isFileError } from './host-files.ts';

/** What node_exporter leaves out: virtual file systems and those of containers. */
export const DEFAULT_MOUNT_POINTS_EXCLUDE =
  /^\/(dev|proc|run\/credentials\/.+|sys|var\/lib\/docker\/.+|var\/lib\/containers\/storage\/.+)($|\/)/;
/** As DEFAULT_MOUNT_POINTS_EXCLUDE, by type. */
export const DEFAULT_FS_TYPES_EXCLUDE =
  /^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|erofs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs)$/;

/** Types whose statfs asks another machine or another process, which may never answer. */
const REMOTE =
  /^(nfs.*|cifs|smb.*|9p|afs|ceph|fuse|fuse\..*|fuseblk|gfs2?|glusterfs|lustre|ncpfs|ocfs2|virtiofs|beegfs|orangefs|pvfs2|coda|davfs.*)$/;

/** How file systems are chosen and how long one may take to answer. */
export interface FilesystemOptions {
  readonly mountPointsExclude: RegExp;
  readonly fsTypesExclude: RegExp;
  /**
   * Milliseconds that each local file system, and all remote ones together, may take; one that has not answered then
   * gets node_filesystem_device_error 1.
   */
  readonly timeout: number;
  /** Asks a file system, fs.promises.statfs unless a test says otherwise. */
  readonly statfs?: (path: string) => Promise<FileSystemSize>;
}

/** The part of fs.StatsFs that counts. */
export interface FileSystemSize {
  readonly bsize: number;
  readonly blocks: number;
  readonly bfree: number;
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
}

interface Mount {
  readonly device: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly readOnly: boolean;
}

/**
 * statfs of a dead NFS server blocks a thread of Node's pool until the server is back, and the pool (4 threads) is
 * shared with everything else that touches a disk. So at most this many remote file systems are asked at a time, and
 * one that has not answered is not asked again until it has.
 */
const REMOTE_IN_FLIGHT = 2;

/** node_filesystem_*: size and use of the mounted file systems. */
export function filesystem(options: FilesystemOptions): HostCollector {
  const ask = options.statfs ?? ((path: string): Promise<FileSystemSize> => statfs(path));
  /** Mount points that were asked and have not answered; the remote ones count against REMOTE_IN_FLIGHT. */
  const waiting = new Map<string, { readonly remote: boolean }>();

  function sizeOf(files: HostFiles, mount: Mount, timeout: number): Promise<FileSystemSize | string> {
    if (waiting.has(mount.mountPoint)) return Promise.resolve('mountpoint timeout');
    const remote = REMOTE.test(mount.type);
    if (timeout <= 0 || (remote && [...waiting.values()].filter((entry) => entry.remote).length >= REMOTE_IN_FLIGHT)) {
      return Promise.resolve('other mountpoints timeout');
    }
    waiting.set(mount.mountPoint, { remote });
    const answer = ask(join(files.roots.rootfs, mount.mountPoint)).then(
      (size) => size,
      (error: unknown) => (isFileError(error) ? error.code! : String(error)),
    );
    void answer.then(() => waiting.delete(mount.mountPoint));
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<string>((resolve) => {
      timer = setTimeout(resolve, timeout, 'mountpoint timeout');
    });
    return Promise.race([answer, deadline]).finally(() => clearTimeout(timer));
  }

  return {
    name: 'filesystem',
    async collect(files, out) {
      const size = out.gauge('node_filesystem_size_bytes', 'Size of the file system.');
      const free = out.gauge('node_filesystem_free_bytes', 'Space that is free.');
      const avail = out.gauge('node_filesystem_avail_bytes', 'Space that users other than root can take.');
      const nodes = out.gauge('node_filesystem_files', 'Files that the file system can hold.');
      const nodesFree = out.gauge('node_filesystem_files_free', 'Files that can still be created.');
      const readOnly = out.gauge('node_filesystem_readonly', '1 when it is mounted read-only.');
      const failed = out.gauge('node_filesystem_device_error', '1 when the file system did not answer as it should.');
      const mounts = readMounts(files).filter(
        (mount) => !options.mountPointsExclude.test(mount.mountPoint) && !options.fsTypesExclude.test(mount.type),
      );
      // The local ones take microseconds each.
      const sizes = new Map<Mount, FileSystemSize | string>();
      for (const mount of mounts.filter((each) => !REMOTE.test(each.type)))
        sizes.set(mount, await sizeOf(files, mount, options.timeout));
      const remote = mounts.filter((mount) => REMOTE.test(mount.type));
      const next = remote.values();
      const deadline = performance.now() + options.timeout;
      const lane = async () => {
        for (const mount of next) sizes.set(mount, await sizeOf(files, mount, deadline - performance.now()));
      };
      await Promise.all(Array.from({ length: REMOTE_IN_FLIGHT }, lane));

      for (const mount of mounts) {
        const answer = sizes.get(mount)!;
        const labels = { device: mount.device, mountpoint: mount.mountPoint, fstype: mount.type };
        const error = typeof answer === 'string';
        failed.add(error ? 1 : 0, error ? { ...labels, device_error: answer } : labels);
        readOnly.add(mount.readOnly ? 1 : 0, error ? { ...labels, device_error: answer } : labels);
        if (error) continue;
        size.add(answer.blocks * answer.bsize, labels);
        free.add(answer.bfree * answer.bsize, labels);
        avail.add(answer.bavail * answer.bsize, labels);
        nodes.add(answer.files, labels);
        nodesFree.add(answer.ffree, labels);
      }
    },
  };
}

/** The mounts of process 1 (of the machine, not of this container), or ours when they cannot be read. */
function readMounts(files: HostFiles): Mount[] {
  const rootfs = files.roots.rootfs.replace(/\/+$/, '');
  const mounts = new Map<string, Mount>();
  for (const line of lines(files.procIf('1/mounts') ?? files.proc('self/mounts'))) {
    const [device = '', path = '', type = '', flags = ''] = fields(line);
    let mountPoint = unescapeMount(path);
    if (rootfs !== '' && (mountPoint === rootfs || mountPoint.startsWith(`${rootfs}/`))) {
      mountPoint = mountPoint.slice(rootfs.length) || '/';
    }
    const mount = { device: unescapeMount(device), mountPoint, type, readOnly: flags.split(',').includes('ro') };
    // A path that is mounted over shows what came last; the same mount may also be listed twice.
    mounts.delete(mountPoint);
    mounts.set(mountPoint, mount);
  }
  return [...mounts.values()];
}

/** Blank, tab, newline and backslash are written as octal escapes. */
function unescapeMount(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
