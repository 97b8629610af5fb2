import { open } from 'node:fs/promises';

const LIMIT = 64 * 1024;

/**
 * The content of a small text file such as a token or a certificate, without the white space around it. `what` names
 * it in the error: `cannot read password_file /etc/p: no such file or directory`. Rejects beyond 64 KiB, and never
 * quotes the content.
 */
export async function readSecretFile(path: string, what: string): Promise<string> {
  return (await readWholeFile(path, what, LIMIT)).trim();
}

/** The same, for a file of up to `limit` bytes and with everything that is in it. */
export async function readWholeFile(path: string, what: string, limit: number): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const buffer = Buffer.alloc(limit + 1);
      let length = 0;
      while (length <= limit) {
        const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      if (length > limit) throw new Error(`it is larger than ${limit} bytes`);
      return buffer.toString('utf8', 0, length);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new Error(`cannot read ${what} ${path}: ${fileErrorReason(error)}`, { cause: error });
  }
}

/** Why a file could not be read, without the path that Node puts into the message. */
export function fileErrorReason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException)?.code;
  if (code === 'ENOENT') return 'no such file or directory';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  if (code === 'EISDIR') return 'it is a directory';
  return error instanceof Error ? error.message : String(error);
}
