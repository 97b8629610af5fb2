export interface BodyBuffersOptions {
  /** Bytes that all pages being received may take together. Default 1 GiB. */
  readonly maxBytes?: number;
  /** Bytes that are kept for the next pages. Default 16 MiB. */
  readonly maxIdleBytes?: number;
  /**
   * Frees young objects; the default is Node's `gc({ type: 'minor' })`, which is there with the flag --expose-gc. Without
   * it V8 decides alone.
   */
  readonly freeYoung?: (() => void) | undefined;
}

/**
 * Bytes of received chunks after which they are freed. V8 counts them as memory outside of its heap and marks the whole
 * heap for every 64 MiB of them, though all are young and dead: freeing the young alone costs a fiftieth of that.
 */
const CHUNKS_TO_FREE = 3 * 1024 ** 2;

const SMALLEST = 64 * 1024;

/**
 * Memory for the pages that are being received. A page is taken apart as soon as it is complete, so that a few buffers
 * serve all targets one after the other.
 */
export class BodyBuffers {
  readonly #maxBytes: number;
  readonly #maxIdleBytes: number;
  /** By size, a power of two. */
  readonly #idle = new Map<number, Buffer[]>();
  #idleBytes = 0;
  #usedBytes = 0;
  readonly #freeYoung: (() => void) | undefined;
  #chunkBytes = 0;

  constructor(options: BodyBuffersOptions = {}) {
    this.#maxBytes = options.maxBytes ?? 1024 ** 3;
    this.#maxIdleBytes = options.maxIdleBytes ?? 16 * 1024 ** 2;
    const { gc } = globalThis;
    this.#freeYoung = options.freeYoung ?? (gc && (() => void gc({ type: 'minor' })));
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get idleBytes(): number {
    return this.#idleBytes;
  }

  /** A buffer of at least so many bytes, with any content. Throws an Error when too much is in use. */
  take(bytes: number): Buffer {
    let size = SMALLEST;
    while (size < bytes) size *= 2;
    if (this.#usedBytes + size > this.#maxBytes) {
      const used = `${this.#usedBytes} bytes are in use and ${size} are wanted`;
      throw new Error(`the pages being received may take ${this.#maxBytes} bytes together; ${used}`);
    }
    this.#usedBytes += size;
    const buffer = this.#idle.get(size)?.pop();
    if (buffer === undefined) return Buffer.allocUnsafeSlow(size);
    this.#idleBytes -= size;
    return buffer;
  }

  /** Takes a larger buffer that begins with the first `length` bytes of this one, and gives this one back. */
  grow(buffer: Buffer, length: number, bytes: number): Buffer {
    const larger = this.take(bytes);
    buffer.copy(larger, 0, 0, length);
    this.give(buffer);
    return larger;
  }

  /** Takes a buffer back; nobody may use it any more. */
  give(buffer: Buffer): void {
    const size = buffer.length;
    this.#usedBytes -= size;
    if (this.#idleBytes + size > this.#maxIdleBytes) return;
    this.#idleBytes += size;
    const list = this.#idle.get(size);
    if (list === undefined) this.#idle.set(size, [buffer]);
    else list.push(buffer);
  }

  /** Says that so many bytes came in chunks of the network or the decompressor, and that nobody needs those any more. */
  chunksDone(bytes: number): void {
    this.#chunkBytes += bytes;
    if (this.#chunkBytes < CHUNKS_TO_FREE) return;
    this.#chunkBytes = 0;
    this.#freeYoung?.();
  }
}
