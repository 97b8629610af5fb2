import { createWriteStream } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { HttpException } from './http-exception.ts';

// Node has Zstandard since 22.15; older ones refuse it.
const { createZstdDecompress, createZstdCompress } = zlib as {
  createZstdDecompress?: () => zlib.Gunzip;
  createZstdCompress?: () => zlib.Gzip;
};

/**
 * A request's body, decompressed, read piece by piece. `limit` bounds the bytes after decompression. Errors reject the
 * reads; stop the reading with `destroy`.
 */
export class HttpBody {
  readonly #stream: Readable;
  readonly #pieces: AsyncIterator<Buffer>;
  readonly #limit: number;
  #read = 0;

  constructor(message: IncomingMessage, limit: number) {
    this.#limit = limit;
    const encoding = (message.headers['content-encoding'] ?? '').toLowerCase().trim();
    const decompress = DECODERS[encoding]?.();
    if (decompress === undefined && encoding !== '' && encoding !== 'identity') {
      throw new HttpException('NOT_IMPLEMENTED', `Unknown HTTP content encoding: ${encoding}`);
    }
    this.#stream = decompress === undefined ? message : pour(message, decompress);
    this.#pieces = this.#stream[Symbol.asyncIterator]();
  }

  /** The next piece; undefined at the end. */
  async next(): Promise<Buffer | undefined> {
    let piece: IteratorResult<Buffer>;
    try {
      piece = await this.#pieces.next();
    } catch (error) {
      throw new HttpException(
        'BAD_ARGUMENTS',
        'The body cannot be read: it broke off or is not compressed as declared',
        {
          cause: error,
        },
      );
    }
    if (piece.done === true) return undefined;
    this.#read += piece.value.length;
    if (this.#read > this.#limit) {
      throw new HttpException('QUERY_IS_TOO_LARGE', `The body must have at most ${this.#limit} bytes`);
    }
    return piece.value;
  }

  /** The whole body, which must have at most `limit` bytes. */
  async all(limit: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let length = 0;
    for (let piece = await this.next(); piece !== undefined; piece = await this.next()) {
      length += piece.length;
      if (length > limit) throw new HttpException('QUERY_IS_TOO_LARGE', `The query must have at most ${limit} bytes`);
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  }

  /** Reads on until `limit` bytes are there or the body ends; `complete` says which. */
  async upTo(limit: number): Promise<{ bytes: Buffer; complete: boolean }> {
    const pieces: Buffer[] = [];
    let length = 0;
    while (length < limit) {
      const piece = await this.next();
      if (piece === undefined) return { bytes: Buffer.concat(pieces), complete: true };
      pieces.push(piece);
      length += piece.length;
    }
    return { bytes: Buffer.concat(pieces), complete: false };
  }

  /** Writes `head` and the rest of the body to a file. The file may be there when this rejects. */
  async spool(path: string, head: Uint8Array): Promise<void> {
    const next = () => this.next();
    const pieces = async function* () {
      yield head;
      for (let piece = await next(); piece !== undefined; piece = await next()) yield piece;
    };
    await new Promise<void>((resolve, reject) => {
      pipeline(
        Readable.from(pieces(), { objectMode: false }),
        createWriteStream(path, { flags: 'wx', mode: 0o600 }),
        (error) => (error == null ? resolve() : reject(error)),
      );
    });
  }
}

/** Not `pipeline`: it would destroy the message, and with it the connection that has to carry the answer. */
function pour(message: IncomingMessage, decompress: Readable & NodeJS.ReadWriteStream): Readable {
  message.once('close', () => {
    if (!message.complete) decompress.destroy(new Error('the request was aborted'));
  });
  message.once('error', (error) => decompress.destroy(error));
  // The reader sees the error; without a listener the process would.
  decompress.on('error', () => {});
  return message.pipe(decompress);
}

const DECODERS: Readonly<Record<string, (() => Readable & NodeJS.ReadWriteStream) | undefined>> = {
  gzip: () => zlib.createGunzip(),
  'x-gzip': () => zlib.createGunzip(),
  deflate: () => zlib.createInflate(),
  br: () => zlib.createBrotliDecompress(),
  zstd: createZstdDecompress,
};

const ENCODERS: Readonly<Record<string, (() => zlib.Gzip | zlib.BrotliCompress) | undefined>> = {
  gzip: () => zlib.createGzip({ level: 3 }),
  deflate: () => zlib.createDeflate({ level: 3 }),
  zstd: createZstdCompress,
  br: () => zlib.createBrotliCompress({ params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 3 } }),
};

/** The first method of an Accept-Encoding header that can be written here, and its compressor. */
export function responseEncoding(
  accepted: string | undefined,
): { name: string; create: () => zlib.Gzip | zlib.BrotliCompress } | undefined {
  for (const part of (accepted ?? '').split(',')) {
    const [name = '', ...attributes] = part.split(';').map((text) => text.trim().toLowerCase());
    if (attributes.some((text) => /^q=0(\.0*)?$/.test(text))) continue;
    const create = ENCODERS[name];
    if (create !== undefined) return { name, create };
  }
  return undefined;
}
