import {
  close,
  closeSync,
  open as openCallback,
  openSync,
  read as readCallback,
  readdirSync,
  readSync,
  realpath,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const open = promisify(openCallback);
const read = promisify(readCallback);
const closeFile = promisify(close);

/** Where the machine's virtual file systems are mounted; in a container usually below /host. */
export interface HostRoots {
  readonly proc: string;
  readonly sys: string;
  /** The root of the machine's file systems: mount points are found below it, and etc/os-release. */
  readonly rootfs: string;
  /** udev's database of devices. */
  readonly udev: string;
}

const PROC_LIMIT = 16 * 1024 * 1024;
/** sysfs gives at most one page per attribute. */
const SYS_LIMIT = 4096;

/**
 * Reads the files of /proc and /sys. What is in /proc is generated in memory in microseconds, so it is read
 * synchronously: a trip to the thread pool costs ten times the read. What is in /sys may ask a driver or wait for a
 * lock (a network card's speed, a sensor behind a slow bus), so it is read on the thread pool.
 *
 * A missing or forbidden file is an Error with Node's `code`; the `…If` variants answer undefined instead.
 */
export class HostFiles {
  readonly roots: HostRoots;
  /** Directory of the network files of the machine (not of this container), relative to proc. */
  readonly #net: string;
  #buffer = Buffer.allocUnsafe(64 * 1024);

  constructor(roots: HostRoots) {
    this.roots = roots;
    // Under a proc mounted from the host, `net` still leads to the reader's network namespace; process 1 is the host's.
    this.#net = roots.proc !== '/proc' && this.procIf('1/net/dev') !== undefined ? '1/net' : 'net';
  }

  /** The content of a file below /proc. */
  proc(path: string): string {
    const fd = openSync(join(this.roots.proc, path), 'r');
    try {
      let length = 0;
      for (;;) {
        if (length === this.#buffer.length) this.#grow(path);
        const got = readSync(fd, this.#buffer, length, this.#buffer.length - length, null);
        if (got === 0) return this.#buffer.toString('utf8', 0, length);
        length += got;
      }
    } finally {
      closeSync(fd);
    }
  }

  /** As `proc`, undefined when it cannot be read. */
  procIf(path: string): string | undefined {
    return absent(() => this.proc(path));
  }

  /** The content of a file below /proc/net of the machine. */
  net(path: string): string {
    return this.proc(`${this.#net}/${path}`);
  }

  /** As `net`, undefined when it cannot be read. */
  netIf(path: string): string | undefined {
    return this.procIf(`${this.#net}/${path}`);
  }

  /** An attribute below /sys without the white space around it. */
  async sys(path: string): Promise<string> {
    const fd = await open(join(this.roots.sys, path), 'r');
    try {
      const buffer = Buffer.allocUnsafe(SYS_LIMIT);
      const { bytesRead } = await read(fd, buffer, 0, SYS_LIMIT, 0);
      return buffer.toString('utf8', 0, bytesRead).trim();
    } finally {
      await closeFile(fd);
    }
  }

  /** As `sys`, undefined when the driver does not offer it or refuses (EINVAL, EOPNOTSUPP, …). */
  async sysIf(path: string): Promise<string | undefined> {
    try {
      return await this.sys(path);
    } catch (error) {
      if (isFileError(error)) return undefined;
      throw error;
    }
  }

  /** As `sysIf`, as a number; undefined also when it is none. */
  async sysNumberIf(path: string): Promise<number | undefined> {
    const text = await this.sysIf(path);
    if (text === undefined || text === '') return undefined;
    const value = Number(text);
    return Number.isNaN(value) ? undefined : value;
  }

  /** The names in a directory below /sys, sorted. */
  sysList(path: string): string[] {
    return readdirSync(join(this.roots.sys, path)).sort();
  }

  /** As `sysList`, empty when there is no such directory. */
  sysListIf(path: string): string[] {
    return absent(() => this.sysList(path)) ?? [];
  }

  /** Where a symbolic link below /sys leads, undefined when it leads nowhere. */
  sysLinkIf(path: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      realpath(join(this.roots.sys, path), (error, target) => resolve(error === null ? target : undefined));
    });
  }

  #grow(path: string): void {
    if (this.#buffer.length >= PROC_LIMIT) {
      throw new Error(`a file in /proc may have ${PROC_LIMIT} bytes, ${path} has more`);
    }
    const larger = Buffer.allocUnsafe(this.#buffer.length * 2);
    this.#buffer.copy(larger);
    this.#buffer = larger;
  }
}

/** Whether it is the operating system's refusal of a file (it has an errno code) and not a mistake of ours. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string' && 'syscall' in error;
}

function absent<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (isFileError(error)) return undefined;
    throw error;
  }
}
