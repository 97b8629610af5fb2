import type { IncomingHttpHeaders } from 'node:http';
import type { Gauge } from 'prom-client';

/** What a receiver says to a request before it reads its body. */
export interface Refusal {
  readonly status: 413 | 429;
  readonly message: string;
}

/** Bounds the bytes of bodies that are being received or stored at a time, by the lengths that requests declare. */
export class InFlight {
  readonly #maxBodyBytes: number;
  readonly #maxBytes: number;
  readonly #gauge: Gauge;
  #bytes = 0;

  /** `maxBytes` is at least one body. The gauge shows the bytes. */
  constructor(options: { readonly maxBodyBytes: number; readonly maxBytes: number; readonly gauge: Gauge }) {
    this.#maxBodyBytes = options.maxBodyBytes;
    this.#maxBytes = Math.max(options.maxBytes, options.maxBodyBytes);
    this.#gauge = options.gauge;
  }

  /** Counts the request with these headers until `closed` calls what it is given, or says why the request must go. */
  enter(headers: IncomingHttpHeaders, closed: (leave: () => void) => void): Refusal | undefined {
    // A body without a length may become as large as any.
    const declared = Number(headers['content-length'] ?? this.#maxBodyBytes);
    if (declared > this.#maxBodyBytes) return { status: 413, message: tooLarge(this.#maxBodyBytes) };
    if (this.#bytes + declared > this.#maxBytes)
      return { status: 429, message: 'too many requests are being received' };
    this.#add(declared);
    closed(() => this.#add(-declared));
    return undefined;
  }

  #add(bytes: number): void {
    this.#bytes += bytes;
    this.#gauge.set(this.#bytes);
  }
}

export function tooLarge(limit: number): string {
  return `the body must have at most ${limit} bytes`;
}
