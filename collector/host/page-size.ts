import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';

/** Key of the page size in the auxiliary vector (AT_PAGESZ of elf.h). */
const AT_PAGESZ = 6n;

/**
 * The size of the kernel's pages in bytes, which arm64 kernels are built with 4, 16 or 64 kB of. The kernel tells every
 * process in its auxiliary vector, pairs of machine words; 4096 where that cannot be read.
 */
export function pageSize(auxv = '/proc/self/auxv'): number {
  try {
    const words = readFileSync(auxv);
    const word = (offset: number) =>
      endianness() === 'LE' ? words.readBigUInt64LE(offset) : words.readBigUInt64BE(offset);
    for (let offset = 0; offset + 16 <= words.length; offset += 16) {
      if (word(offset) === AT_PAGESZ) return Number(word(offset + 8));
    }
  } catch {
    // Not Linux, or a sandbox.
  }
  return 4096;
}
