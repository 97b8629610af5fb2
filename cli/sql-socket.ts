import path from 'node:path';

/** Sockets have short names: the kernel allows 107 bytes. */
const LONGEST = 100;

/**
 * The socket in the data directory on which a running server answers SQL for whoever may read that directory. `usable`
 * is false when the path is too long for a socket.
 */
export function socketPath(dataDir: string): { readonly address: string; readonly usable: boolean } {
  const address = path.resolve(dataDir, 'sql.sock');
  return { address, usable: Buffer.byteLength(address) <= LONGEST };
}
