import type { Clock } from '../../../clock/clock.ts';
import { Secret } from '../../secret.ts';
import { type KubeClient, KubeError } from '../kube-client.ts';
import { type Reference, type ReferenceLookup, type Resolved, referencedObject } from './references.ts';

export interface ReferenceReaderOptions {
  readonly client: Pick<KubeClient, 'get'>;
  readonly clock: Clock;
  /** Milliseconds after which an object is read again. */
  readonly interval: number;
  /** Called with the names (as `referencedObject` gives them) of what is known now or differs; must not throw. */
  readonly onChange: (objects: ReadonlySet<string>) => void;
  readonly onFailure: () => void;
}

/** More Secrets and ConfigMaps than these are not read. */
export const MAX_REFERENCED = 2_000;

/** Reads under way. */
const CONCURRENCY = 4;

/** Milliseconds until what could not be read is tried again, for the first time; doubled up to the interval. */
const RETRY = 2_000;

interface Entry {
  readonly of: Omit<Reference, 'key'>;
  readonly keys: Set<string>;
  values: ReadonlyMap<string, Secret>;
  /** All keys that the object has. */
  names: readonly string[];
  version: string;
  /** Whether it has been read with the keys that are wanted. */
  isKnown: boolean;
  problem: string | undefined;
  failures: number;
  isReading: boolean;
  /** By the clock's `elapsed`. */
  due: number;
}

/**
 * What the Secrets and ConfigMaps hold that objects name: each is read with a GET of its own name, so that no right to list
 * them is needed, and again at every interval, because they are rotated. Only the keys that are named are kept. What was
 * read stays when it cannot be read any more.
 */
export class ReferenceReader implements ReferenceLookup {
  readonly #options: ReferenceReaderOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #closing = new AbortController();
  #overflow = 0;
  #reading = 0;
  #cancelTimer: () => void = () => undefined;

  constructor(options: ReferenceReaderOptions) {
    this.#options = options;
  }

  resolve(reference: Reference): Resolved {
    const entry = this.#entries.get(referencedObject(reference));
    if (entry === undefined) {
      if (this.#overflow === 0) return { state: 'pending' };
      return { state: 'failed', problem: `more than ${MAX_REFERENCED} Secrets and ConfigMaps are referred to` };
    }
    const value = entry.values.get(reference.key);
    if (value !== undefined) return { state: 'known', value, problem: entry.problem };
    if (entry.problem !== undefined) return { state: 'failed', problem: entry.problem };
    if (!entry.isKnown || !entry.keys.has(reference.key)) return { state: 'pending' };
    const names = entry.names.length === 0 ? 'none' : entry.names.slice(0, 10).join(', ');
    return { state: 'failed', problem: `it has no key ${JSON.stringify(reference.key)}; it has ${names}` };
  }

  /**
   * These are what is referred to now: new ones are read at once, others are forgotten. True when there were too many: what
   * was pending of them has failed.
   */
  keep(references: Iterable<Reference>): boolean {
    if (this.#closing.signal.aborted) return false;
    const wanted = new Set<string>();
    this.#overflow = 0;
    for (const { key, kind, namespace, name } of references) {
      const of = { kind, namespace, name };
      const id = referencedObject(of);
      let entry = this.#entries.get(id);
      if (entry === undefined) {
        if (wanted.size >= MAX_REFERENCED) {
          this.#overflow++;
          continue;
        }
        entry = newEntry(of);
        this.#entries.set(id, entry);
      }
      wanted.add(id);
      if (entry.keys.has(key)) continue;
      entry.keys.add(key);
      entry.isKnown = false;
      entry.version = '';
      entry.due = 0;
    }
    for (const id of [...this.#entries.keys()]) if (!wanted.has(id)) this.#entries.delete(id);
    this.#pump();
    return this.#overflow > 0;
  }

  close(): void {
    this.#closing.abort();
    this.#cancelTimer();
    this.#entries.clear();
  }

  /** Begins what is due, and sets the timer for what will be. */
  #pump(): void {
    if (this.#closing.signal.aborted) return;
    const { clock } = this.#options;
    const now = clock.elapsed();
    let next = Number.POSITIVE_INFINITY;
    for (const [id, entry] of this.#entries) {
      if (entry.isReading) continue;
      if (entry.due > now) next = Math.min(next, entry.due);
      else if (this.#reading < CONCURRENCY) void this.#read(id, entry);
    }
    this.#cancelTimer();
    // When all places are taken, the end of a read goes on with the rest.
    if (next < Number.POSITIVE_INFINITY) this.#cancelTimer = clock.schedule(next - now, () => this.#pump());
  }

  async #read(id: string, entry: Entry): Promise<void> {
    const { client, clock, interval } = this.#options;
    this.#reading++;
    entry.isReading = true;
    const keys = new Set(entry.keys);
    let isChanged = false;
    try {
      const object = await client.get(pathOf(entry.of), { signal: this.#closing.signal });
      isChanged = take(entry, keys, object);
      entry.failures = 0;
      entry.due = clock.elapsed() + interval * (0.9 + 0.2 * Math.random());
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      const problem = explain(error, entry.of);
      isChanged = entry.problem !== problem;
      entry.problem = problem;
      entry.due = clock.elapsed() + Math.min(interval, RETRY * 2 ** Math.min(entry.failures++, 10));
      this.#options.onFailure();
    } finally {
      this.#reading--;
      entry.isReading = false;
    }
    // A key that was named meanwhile has not been taken.
    if (entry.keys.size > keys.size) entry.due = 0;
    if (isChanged && this.#entries.get(id) === entry) this.#options.onChange(new Set([id]));
    this.#pump();
  }
}

function newEntry(of: Omit<Reference, 'key'>): Entry {
  return {
    of,
    keys: new Set(),
    values: new Map(),
    names: [],
    version: '',
    isKnown: false,
    problem: undefined,
    failures: 0,
    isReading: false,
    due: 0,
  };
}

function pathOf({ kind, namespace, name }: Omit<Reference, 'key'>): string {
  const plural = kind === 'Secret' ? 'secrets' : 'configmaps';
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/${plural}/${encodeURIComponent(name)}`;
}

interface Content {
  readonly metadata?: { readonly resourceVersion?: string };
  readonly data?: Readonly<Record<string, string>> | null;
  readonly binaryData?: Readonly<Record<string, string>> | null;
}

/** True when anything that was asked for differs from what was known. */
function take(entry: Entry, keys: ReadonlySet<string>, object: unknown): boolean {
  const { metadata, data, binaryData } = object as Content;
  const version = metadata?.resourceVersion ?? '';
  const isSame = version !== '' && version === entry.version && entry.isKnown && entry.problem === undefined;
  if (isSame) return false;
  const text = data ?? {};
  const binary = binaryData ?? {};
  const values = new Map<string, Secret>();
  for (const key of keys) {
    const encoded = Object.hasOwn(text, key) ? text[key] : undefined;
    const binaryValue = Object.hasOwn(binary, key) ? binary[key] : undefined;
    if (typeof encoded === 'string')
      values.set(key, new Secret(entry.of.kind === 'Secret' ? decode(encoded) : encoded));
    else if (typeof binaryValue === 'string') values.set(key, new Secret(decode(binaryValue)));
  }
  const isChanged =
    !entry.isKnown ||
    entry.problem !== undefined ||
    values.size !== entry.values.size ||
    [...values].some(([key, value]) => entry.values.get(key)?.reveal() !== value.reveal());
  entry.values = values;
  entry.names = [...Object.keys(text), ...Object.keys(binary)].sort();
  entry.version = version;
  entry.isKnown = keys.size === entry.keys.size;
  entry.problem = undefined;
  return isChanged;
}

function decode(encoded: string): string {
  return Buffer.from(encoded, 'base64').toString('utf8');
}

function explain(error: unknown, { kind, namespace, name }: Omit<Reference, 'key'>): string {
  if (!(error instanceof KubeError))
    return `it cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  if (error.status === 404) return 'there is none of this name';
  if (error.status === 403) {
    const plural = kind === 'Secret' ? 'secrets' : 'configmaps';
    const right = `{apiGroups: [""], resources: ["${plural}"], resourceNames: ["${name}"], verbs: ["get"]}`;
    return `it may not be read: it needs a Role in namespace ${namespace} with the rule ${right}`;
  }
  return `it cannot be read: ${error.message}`;
}
