import { closeSync, fdatasync, fsync, openSync, writev } from 'node:fs';
import { promisify } from 'node:util';

const vectorWrite = promisify(writev);
const datasync = promisify(fdatasync);
const sync = promisify(fsync);

/**
 * Writes a file and waits until its content is on the disk; its name is there for good after `syncDirectory`. Every wait costs
 * a turn of the event loop, and while hundreds of targets send their first page a turn is long: so only what may wait for the
 * disk is waited for.
 */
export async function writeFile(path: string, buffers: readonly Uint8Array[]): Promise<void> {
  const file = openSync(path, 'w');
  try {
    await writeAll(file, buffers);
    await datasync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes the names in a directory as durable as the files: what was made, renamed or removed before the call stays so. */
export async function syncDirectory(directory: string): Promise<void> {
  const file = openSync(directory, 'r');
  try {
    await sync(file);
  } finally {
    closeSync(file);
  }
}

/** The number of buffers that one `writev` may have everywhere. */
const IOV_MAX = 1024;

async function writeAll(file: number, buffers: readonly Uint8Array[]): Promise<void> {
  for (let from = 0; from < buffers.length; from += IOV_MAX) {
    let rest = buffers.slice(from, from + IOV_MAX).filter((buffer) => buffer.length > 0);
    while (rest.length > 0) {
      let { bytesWritten } = await vectorWrite(file, rest);
      // A signal or a full disk can cut a write short.
      while (rest.length > 0 && bytesWritten >= rest[0]!.length) bytesWritten -= rest.shift()!.length;
      if (rest.length > 0) rest = [rest[0]!.subarray(bytesWritten), ...rest.slice(1)];
    }
  }
}
