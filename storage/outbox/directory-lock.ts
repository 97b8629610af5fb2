import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { StorageError } from '../errors.ts';

/**
 * Takes a directory for this process, so that two do not send the same segments. Returns what gives it back. A lock that a
 * killed process left is taken over: it names the process by id and start time. Throws a StorageError `unavailable` that
 * names the directory when the owner lives.
 */
export function lockDirectory(directory: string): () => void {
  const path = join(directory, 'lock');
  const mine = `${process.pid} ${startTime(process.pid) ?? ''}\n`;
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const file = openSync(path, 'wx');
      writeSync(file, mine);
      closeSync(file);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw new StorageError('unavailable', `cannot write to ${directory}`, { cause: error });
      }
    }
    const [pid, started] = readFileSync(path, 'utf8').trim().split(' ');
    if (isAlive(Number(pid), started)) {
      throw new StorageError('unavailable', `the outbox in ${directory} is in use by process ${pid}`);
    }
    rmSync(path, { force: true });
  }
  throw new StorageError('unavailable', `the outbox in ${directory} is being taken by another process`);
}

function isAlive(pid: number, started: string | undefined): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  // In a container everybody is process 1, before a restart and after: the start time tells them apart.
  const now = startTime(pid);
  return now === undefined || started === undefined || now === started;
}

/** When a process started, in the kernel's ticks; undefined where there is no /proc. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in parentheses, which may hold spaces; the start time is the 22nd.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
