import { open } from 'node:fs/promises';
import { inspect } from 'node:util';

const LIMIT = 64 * 1024;
const HIDDEN = '<secret>';

/**
 * A secret as the configuration gives it: the text itself, or a file that has it. Printing, logging or serialising it shows
 * `<secret>`; what `read` gives must not reach a log, an error or a page.
 */
export class SecretSource {
  readonly #text: string | undefined;
  readonly #file: string | undefined;

  private constructor(text: string | undefined, file: string | undefined) {
    this.#text = text;
    this.#file = file;
  }

  static ofText(text: string): SecretSource {
    return new SecretSource(text, undefined);
  }

  /** White space around the content does not count. */
  static ofFile(path: string): SecretSource {
    return new SecretSource(undefined, path);
  }

  /** The text, where it stands in the configuration; undefined where a file has it. */
  get text(): string | undefined {
    return this.#text;
  }

  get file(): string | undefined {
    return this.#file;
  }

  /** The secret as it is now: a file is read anew. Rejects with a SecretUnreadable. */
  async read(): Promise<string> {
    return this.#file === undefined ? this.#text! : readSmallFile(this.#file);
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}

/** The message names the file and what is wrong with it, and is shown to people. */
export class SecretUnreadable extends Error {
  override readonly name = 'SecretUnreadable';
}

async function readSmallFile(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const buffer = Buffer.alloc(LIMIT + 1);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
      if (bytesRead > LIMIT) throw new Error(`it is larger than ${LIMIT} bytes`);
      return buffer.toString('utf8', 0, bytesRead).trim();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new SecretUnreadable(`cannot read ${path}: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'no such file or directory';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  if (code === 'EISDIR') return 'it is a directory';
  return code ?? message;
}
