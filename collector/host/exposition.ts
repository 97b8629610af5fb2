/** The types a family can declare in the text format 0.0.4. */
export type ExpositionType = 'counter' | 'gauge' | 'untyped';

/** A family being written: one sample per distinct set of labels; the caller sees to the distinctness. */
export interface Family {
  /** Adds a sample. Labels with an empty value mean nothing and are left out by the reader, so they may be given. */
  add(value: number, labels?: Readonly<Record<string, string>>): void;
}

const encoder = new TextEncoder();

/**
 * Writes metrics in the Prometheus text format 0.0.4. Families come out in the order of their first mention, each with
 * one HELP and one TYPE line, however often they are asked for; a family without samples is left out.
 */
export class Exposition {
  static readonly CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

  readonly #families = new Map<string, TextFamily>();

  counter(name: string, help: string): Family {
    return this.#family(name, 'counter', help);
  }

  gauge(name: string, help: string): Family {
    return this.#family(name, 'gauge', help);
  }

  untyped(name: string, help: string): Family {
    return this.#family(name, 'untyped', help);
  }

  #family(name: string, type: ExpositionType, help: string): TextFamily {
    let family = this.#families.get(name);
    if (family === undefined) {
      family = new TextFamily(name, `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`);
      this.#families.set(name, family);
    }
    return family;
  }

  /** The text so far. Parts of several expositions may be joined as long as no two share a family. */
  toString(): string {
    let text = '';
    for (const family of this.#families.values()) if (family.samples !== '') text += family.head + family.samples;
    return text;
  }

  /** `toString` of several, joined, as bytes. */
  static encode(parts: Iterable<Exposition>): Uint8Array {
    let text = '';
    for (const part of parts) text += part.toString();
    return encoder.encode(text);
  }
}

class TextFamily implements Family {
  readonly name: string;
  readonly head: string;
  samples = '';

  constructor(name: string, head: string) {
    this.name = name;
    this.head = head;
  }

  add(value: number, labels?: Readonly<Record<string, string>>): void {
    this.samples += `${this.name}${labels === undefined ? '' : labelText(labels)} ${numberText(value)}\n`;
  }
}

function labelText(labels: Readonly<Record<string, string>>): string {
  let text = '';
  for (const name in labels) text += `${text === '' ? '{' : ','}${name}="${escapeLabel(labels[name]!)}"`;
  return text === '' ? '' : `${text}}`;
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

function escapeLabel(value: string): string {
  return /[\\"\n]/.test(value) ? value.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`)) : value;
}

function escapeHelp(help: string): string {
  return help.replace(/[\\\n]/g, (char) => (char === '\n' ? '\\n' : '\\\\'));
}
