import type { RawObject } from './kube-client.ts';

/** Bytes of one object; the API server's own limit for what is stored is 1.5 MiB in a denser encoding. */
const MAX_OBJECT = 16 * 1024 ** 2;
/** Bytes of a list without its items. */
const MAX_ENVELOPE = 256 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;

/** What a byte outside of a string is for the structure. */
const OTHER = 0;
const STRING = 1;
const OPEN = 2;
const CLOSE = 3;
const KINDS = new Uint8Array(256);
KINDS[QUOTE] = STRING;
for (const byte of Buffer.from('{[')) KINDS[byte] = OPEN;
for (const byte of Buffer.from('}]')) KINDS[byte] = CLOSE;

/**
 * Reads a list's JSON in the pieces in which it arrives and parses each item by itself, so that a page of some megabytes
 * neither blocks the process while it is parsed nor has to be held as a whole. For each chunk `push`, then `end` once.
 * Both throw an error for what is not a list.
 */
export class ListReader {
  readonly #each: (item: RawObject) => void;
  /** What lies around the items. */
  #envelope: Buffer[] = [];
  #envelopeBytes = 0;
  /** The beginning of an item that ends in a later chunk. */
  #begun: Buffer[] = [];
  #begunBytes = 0;
  #depth = 0;
  #inString = false;
  /** Bytes at the beginning of the next chunk that end nothing. */
  #skip = 0;
  #inItems = false;

  constructor(each: (item: RawObject) => void) {
    this.#each = each;
  }

  push(chunk: Buffer): void {
    // Locals and a tight loop: every byte of every list comes by here.
    const { length } = chunk;
    let depth = this.#depth;
    let inString = this.#inString;
    let inItems = this.#inItems;
    // From where on the chunk has not been put anywhere; -1 between two items.
    let from = inItems && depth < 3 ? -1 : 0;
    let i = this.#skip;
    while (i < length) {
      if (inString) {
        let byte = 0;
        while (i < length && (byte = chunk[i]!) !== QUOTE && byte !== BACKSLASH) i++;
        if (i >= length) break;
        if (byte === QUOTE) inString = false;
        // What follows a backslash ends nothing, and may be in the next chunk.
        i += byte === QUOTE ? 1 : 2;
        continue;
      }
      const kind = KINDS[chunk[i++]!]!;
      if (kind === OTHER) continue;
      if (kind === STRING) {
        inString = true;
      } else if (kind === OPEN) {
        depth++;
        if (inItems) {
          if (depth === 3) from = i - 1;
        } else if (depth === 2 && chunk[i - 1] === OPEN_BRACKET) {
          this.#addEnvelope(chunk.subarray(from, i));
          inItems = this.#endsWithItems();
          from = inItems ? -1 : i;
        }
      } else {
        depth--;
        if (inItems && depth === 2) {
          this.#finishItem(chunk.subarray(from, i));
          from = -1;
        } else if (inItems && depth === 1) {
          inItems = false;
          from = i - 1;
        }
      }
    }
    if (from !== -1 && from < length) {
      if (inItems) this.#keepBegun(chunk.subarray(from));
      else this.#addEnvelope(chunk.subarray(from));
    }
    this.#depth = depth;
    this.#inString = inString;
    this.#inItems = inItems;
    this.#skip = Math.max(0, i - length);
  }

  /** Where the list stands in time, and where its next page begins; '' for what the server did not say. */
  end(): { readonly resourceVersion: string; readonly continue: string } {
    if (this.#depth !== 0) throw new Error('expected a list, got one that ends in its middle');
    const list = parseJson(Buffer.concat(this.#envelope)) as {
      metadata?: { resourceVersion?: unknown; continue?: unknown };
      items?: unknown;
    };
    if (typeof list?.metadata !== 'object' || list.metadata === null || !('items' in list)) {
      throw new Error('expected a list with metadata and items, got something else');
    }
    const { resourceVersion = '', continue: next = '' } = list.metadata;
    return { resourceVersion: String(resourceVersion), continue: String(next) };
  }

  #endsWithItems(): boolean {
    const text = Buffer.concat(this.#envelope).toString('latin1');
    return /"items"\s*:\s*\[$/.test(text);
  }

  #addEnvelope(piece: Buffer): void {
    this.#envelopeBytes += piece.length;
    if (this.#envelopeBytes > MAX_ENVELOPE) {
      throw new Error(`expected a list with at most ${MAX_ENVELOPE} bytes besides its items, got more`);
    }
    // A copy, because the chunk is much larger than what is kept of it.
    this.#envelope.push(Buffer.from(piece));
  }

  #keepBegun(piece: Buffer): void {
    this.#begunBytes += piece.length;
    if (this.#begunBytes > MAX_OBJECT)
      throw new Error(`expected objects of at most ${MAX_OBJECT} bytes, got a larger one`);
    this.#begun.push(piece);
  }

  #finishItem(piece: Buffer): void {
    let bytes = piece;
    if (this.#begun.length > 0) {
      this.#begun.push(piece);
      bytes = Buffer.concat(this.#begun);
      this.#begun = [];
      this.#begunBytes = 0;
    }
    this.#each(checkObject(parseJson(bytes)));
  }
}

/** An object that has at least a name. */
export function checkObject(object: unknown): RawObject {
  const { metadata } = (object ?? {}) as { metadata?: { name?: unknown } };
  if (typeof metadata?.name !== 'string' || metadata.name === '') {
    throw new Error('expected an object with metadata.name, got one without');
  }
  return object as RawObject;
}

/** The value; throws an error that does not quote the text, as JSON.parse's would. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new Error('expected JSON, got something else');
  }
}
