import { readFile } from 'node:fs/promises';
import { fileErrorReason } from '../collector/secret-file.ts';

/** A file that somebody has named. Rejects with an Error for people: the file, and why it cannot be read. */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Error(`${file}: cannot read it: ${fileErrorReason(error)}`, { cause: error });
  }
}
