import { readFileSync } from 'node:fs';

interface Line {
  readonly level?: number;
  readonly msg?: string;
  readonly [field: string]: unknown;
}

/** Lines of a server's log that warn or worse, told apart by all that they say. */
export interface Warnings {
  readonly lines: number;
  readonly errors: readonly string[];
  /** How often each kind of line came, and about how many different things. */
  readonly kinds: ReadonlyMap<string, { count: number; readonly about: Map<string, number> }>;
}

const WARN = 40;
const ERROR = 50;

/** Reads the log of a server from where it was left. */
export class ServerLog {
  readonly #file: string;
  #offset = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** What was logged since the last call. */
  warnings(): Warnings {
    const text = readFileSync(this.#file, 'utf8');
    const end = text.lastIndexOf('\n') + 1;
    const errors: string[] = [];
    const kinds = new Map<string, { count: number; readonly about: Map<string, number> }>();
    let lines = 0;
    for (const raw of text.slice(this.#offset, end).split('\n')) {
      if (raw === '') continue;
      const line = parse(raw);
      if (line === undefined) {
        // What Node itself prints is a crash or a warning of one.
        errors.push(raw);
        continue;
      }
      if ((line.level ?? 0) < WARN) continue;
      lines++;
      if ((line.level ?? 0) >= ERROR) errors.push(raw);
      const { msg = '', resource, job, instance, cluster } = line;
      const about = [cluster, resource, job, instance].filter((part) => part !== undefined).join(' ');
      // The same but for what it is about.
      const text = String(resource ?? '') === '' ? msg : msg.replaceAll(String(resource), '<resource>');
      const kind = text.replace(/of cluster \S+?:/, '').replace(/https?:\S+/g, '<url>');
      const known = kinds.get(kind) ?? { count: 0, about: new Map<string, number>() };
      known.count++;
      known.about.set(about, (known.about.get(about) ?? 0) + 1);
      kinds.set(kind, known);
    }
    this.#offset = end;
    return { lines, errors, kinds };
  }
}

function parse(raw: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(raw);
    return typeof value === 'object' && value !== null ? (value as Line) : undefined;
  } catch {
    return undefined;
  }
}
