import { StorageError, type StorageErrorKind } from '../errors.ts';
import { type AnswerSize, type ClickHouseClient, ClickHouseError, type ClickHouseReader } from './client.ts';
import type { NativeBlock } from './native-block.ts';
import { NativeReader } from './native-reader.ts';

/** One end of a MessageChannel: the few methods that are used. */
export interface ClientPort {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

type ToServer =
  | { readonly kind: 'read'; readonly id: number; readonly sql: string; readonly size: AnswerSize | undefined }
  | { readonly kind: 'taken' | 'cancel'; readonly id: number };

type FromServer =
  | { readonly kind: 'piece'; readonly id: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'end'; readonly id: number }
  | { readonly kind: 'failed'; readonly id: number; readonly error: FailedRead };

interface FailedRead {
  readonly kind: StorageErrorKind;
  readonly message: string;
  /** ClickHouse's own code and text, when it is what failed. */
  readonly clickhouse?: { readonly code: number; readonly message: string };
}

/** Pieces on their way of one read: some megabytes, so that the engine reads on while the other thread computes. */
const PIECES_AHEAD = 32;

/**
 * Reads for another thread: the embedded engine can be used by the thread only that opened it. Bytes change hands without
 * being copied when a piece has its buffer for itself, as those of the embedded engine have.
 */
export function serveClient(port: ClientPort, client: Pick<ClickHouseClient, 'bytes'>): void {
  const reads = new Map<number, { readonly controller: AbortController; taken: () => void }>();
  port.on('message', (received) => {
    const message = received as ToServer;
    const { id } = message;
    switch (message.kind) {
      case 'read': {
        const controller = new AbortController();
        const read = { controller, taken: () => {} };
        reads.set(id, read);
        void serveRead(message, { port, client, id, signal: controller.signal, read }).finally(() => {
          reads.delete(id);
        });
        return;
      }
      case 'taken':
        reads.get(id)?.taken();
        return;
      case 'cancel':
        reads.get(id)?.controller.abort();
        return;
      default:
        message satisfies never;
    }
  });
}

async function serveRead(
  { sql, size }: { readonly sql: string; readonly size: AnswerSize | undefined },
  of: {
    readonly port: ClientPort;
    readonly client: Pick<ClickHouseClient, 'bytes'>;
    readonly id: number;
    readonly signal: AbortSignal;
    readonly read: { taken: () => void };
  },
): Promise<void> {
  const { port, client, id, signal, read } = of;
  let ahead = 0;
  let wake = () => {};
  read.taken = () => {
    ahead--;
    wake();
  };
  signal.addEventListener('abort', () => wake(), { once: true });
  try {
    for await (const piece of client.bytes(sql, signal, size)) {
      const own = piece.byteLength === piece.buffer.byteLength ? piece : piece.slice();
      ahead++;
      const message: FromServer = { kind: 'piece', id, bytes: own as Uint8Array<ArrayBuffer> };
      port.postMessage(message, [message.bytes.buffer]);
      while (ahead >= PIECES_AHEAD && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
    }
    port.postMessage({ kind: 'end', id } satisfies FromServer);
  } catch (error) {
    port.postMessage({ kind: 'failed', id, error: failedRead(error) } satisfies FromServer);
  }
}

function failedRead(error: unknown): FailedRead {
  if (!(error instanceof StorageError)) return { kind: 'internal', message: String(error) };
  const { kind, message, cause } = error;
  return cause instanceof ClickHouseError
    ? { kind, message, clickhouse: { code: cause.code, message: cause.message } }
    : { kind, message };
}

/** Reads ClickHouse over a port at whose other end is `serveClient`. */
export class PortClient implements ClickHouseReader {
  readonly #port: ClientPort;
  readonly #reads = new Map<number, PortRead>();
  #ids = 0;

  constructor(port: ClientPort) {
    this.#port = port;
    port.on('message', (received) => {
      const message = received as FromServer;
      this.#reads.get(message.id)?.hear(message);
    });
  }

  async *stream(sql: string, signal: AbortSignal, size?: AnswerSize): AsyncGenerator<NativeBlock> {
    if (signal.aborted) throw canceled(signal);
    const id = ++this.#ids;
    const read = new PortRead();
    this.#reads.set(id, read);
    const say = (message: ToServer) => this.#port.postMessage(message);
    const onAbort = () => read.fail(canceled(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    say({ kind: 'read', id, sql, size });
    const reader = new NativeReader();
    try {
      for (let piece = await read.next(); piece !== undefined; piece = await read.next()) {
        say({ kind: 'taken', id });
        yield* reader.push(piece);
      }
      yield* reader.end();
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#reads.delete(id);
      if (!read.ended) say({ kind: 'cancel', id });
    }
  }
}

/** The pieces of one read that have come and not been taken. */
class PortRead {
  /** True when the other side has nothing more to send. */
  ended = false;
  readonly #pieces: Uint8Array[] = [];
  #error: StorageError | undefined;
  #wake = () => {};

  hear(message: FromServer): void {
    switch (message.kind) {
      case 'piece':
        this.#pieces.push(message.bytes);
        break;
      case 'end':
        this.ended = true;
        break;
      case 'failed': {
        const { kind, message: text, clickhouse } = message.error;
        const cause = clickhouse && new ClickHouseError(clickhouse.code, clickhouse.message);
        this.ended = true;
        this.#error = new StorageError(kind, text, { cause });
        break;
      }
      default:
        message satisfies never;
    }
    this.#wake();
  }

  fail(error: StorageError): void {
    this.#error ??= error;
    this.#wake();
  }

  /** The next piece, undefined after the last. */
  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.#error !== undefined) throw this.#error;
      const piece = this.#pieces.shift();
      if (piece !== undefined || this.ended) return piece;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

function canceled(signal: AbortSignal): StorageError {
  return new StorageError('canceled', 'the request was canceled', { cause: signal.reason });
}
