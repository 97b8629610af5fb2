import path from 'node:path';
import { isMap, isScalar, isSeq } from 'yaml';
import { parseDuration } from '../../duration.ts';
import type { TemplateError } from '../../template/template-error.ts';
import type { Place, YamlReader } from '../../yaml-reader.ts';
import { SecretSource } from '../secret-source.ts';

export interface SectionContext {
  readonly yaml: YamlReader;
  /** Absolute; names of files are relative to it. */
  readonly directory: string;
  /** Throws a TemplateError when the text is no template. */
  readonly checkTemplate: (text: string) => void;
}

/**
 * A mapping of the configuration, read key by key. What is wrong is reported, with its place, and read as if it were not there; a value
 * is quoted only where it cannot be a secret.
 */
export class Section {
  readonly context: SectionContext;
  readonly place: Place;
  readonly #values: ReadonlyMap<string, Place>;

  /** Of keys that somebody else has read. */
  constructor(context: SectionContext, place: Place, values: ReadonlyMap<string, Place>) {
    this.context = context;
    this.place = place;
    this.#values = values;
  }

  /** Keys beyond `keys` are problems. */
  static read(context: SectionContext, place: Place, keys: readonly string[]): Section {
    return new Section(context, place, readMap(context, place, keys));
  }

  /** False also where only the key is written, as in Go's YAML. */
  has(key: string): boolean {
    const value = this.#values.get(key);
    return value !== undefined && value.node !== null;
  }

  /** At the key, or at the section where it is not written. */
  report(key: string | undefined, message: string): void {
    const at = key === undefined ? undefined : this.#values.get(key);
    this.context.yaml.report(at ?? this.place, message);
  }

  text(key: string, fallback = ''): string {
    return this.#scalar(key) ?? fallback;
  }

  required(key: string): string {
    const text = this.text(key);
    if (text === '') this.report(key, `expected ${key}, which is missing or empty`);
    return text;
  }

  boolean(key: string, fallback: boolean): boolean {
    const text = this.#scalar(key);
    if (text === undefined) return fallback;
    if (/^(?:true|yes|on|y)$/i.test(text)) return true;
    if (/^(?:false|no|off|n)$/i.test(text)) return false;
    this.report(key, 'expected true or false');
    return fallback;
  }

  /** A whole number. */
  integer(key: string, fallback: number, least = 0): number {
    const text = this.#scalar(key);
    if (text === undefined) return fallback;
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value) && value >= least) return value;
    this.report(key, `expected a whole number of at least ${least}, got ${JSON.stringify(text)}`);
    return fallback;
  }

  /** In milliseconds. */
  duration(key: string, fallback: number): number {
    const text = this.#scalar(key);
    if (text === undefined) return fallback;
    const value = parseDuration(text);
    if (value !== undefined) return value;
    this.report(key, `expected a duration such as 10s, got ${JSON.stringify(text)}`);
    return fallback;
  }

  oneOf<T extends string>(key: string, words: readonly T[], fallback: T): T {
    const text = this.#scalar(key);
    if (text === undefined) return fallback;
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    this.report(
      key,
      `expected one of ${words.map((word) => JSON.stringify(word)).join(', ')}, got ${JSON.stringify(text)}`,
    );
    return fallback;
  }

  /** Text with a template in it. */
  template(key: string, fallback = ''): string {
    const text = this.#scalar(key);
    if (text === undefined) return fallback;
    this.#check(this.#values.get(key)!, text, { isSecret: false });
    return text;
  }

  texts(key: string): readonly string[] {
    return this.#items(key).flatMap((item) => {
      const text = this.#read(item);
      return text === undefined ? [] : [text];
    });
  }

  /** Texts by names that the user chose. */
  named(key: string): Readonly<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const [name, place] of this.#names(key)) found[name] = this.#read(place) ?? '';
    return found;
  }

  /** Templates by names that the user chose. */
  templates(key: string): Readonly<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const [name, place] of this.#names(key)) {
      const text = this.#read(place) ?? '';
      this.#check(place, text, { isSecret: false });
      found[name] = text;
    }
    return found;
  }

  /** Mappings by names that the user chose. */
  namedSections(key: string, keys: readonly string[]): ReadonlyMap<string, Section> {
    return new Map([...this.#names(key)].map(([name, place]) => [name, Section.read(this.context, place, keys)]));
  }

  /** The mapping below the key; of one that is not written all keys are absent. */
  section(key: string, keys: readonly string[]): Section {
    const place = this.#values.get(key);
    return Section.read(this.context, place ?? { ...this.place, node: null }, keys);
  }

  sections(key: string, keys: readonly string[]): readonly Section[] {
    return this.#items(key).map((item) => Section.read(this.context, item, keys));
  }

  /** The place of the key's value, for what reads it in a way of its own. */
  at(key: string): Place | undefined {
    return this.#values.get(key);
  }

  /** Made absolute; undefined when there is none. */
  file(key: string): string | undefined {
    const text = this.text(key);
    return text === '' ? undefined : path.resolve(this.context.directory, text);
  }

  /** Made absolute. */
  files(key: string): readonly string[] {
    return this.texts(key).map((file) => path.resolve(this.context.directory, file));
  }

  /** Given under `key`, or in the file that `key_file` names. */
  secret(key: string): SecretSource | undefined {
    this.atMostOne(key, `${key}_file`);
    const file = this.file(`${key}_file`);
    if (file !== undefined) return SecretSource.ofFile(file);
    const text = this.text(key);
    return text === '' ? undefined : SecretSource.ofText(text);
  }

  /** A secret that is a template too. */
  secretTemplate(key: string): SecretSource | undefined {
    const source = this.secret(key);
    if (source?.text !== undefined) this.#check(this.#values.get(key)!, source.text, { isSecret: true });
    return source;
  }

  /** A secret that is a URL, or becomes one when its template is expanded. */
  secretUrl(key: string): SecretSource | undefined {
    const source = this.secretTemplate(key);
    if (source?.text !== undefined && !source.text.includes('{{') && !isHttpUrl(source.text)) {
      this.report(key, 'expected a URL such as https://host/path');
    }
    return source;
  }

  /** Undefined when it is not written. */
  url(key: string): string | undefined {
    const text = this.#scalar(key);
    if (text === undefined || text === '') return undefined;
    if (isHttpUrl(text)) return text;
    this.report(key, 'expected a URL such as https://host/path');
    return undefined;
  }

  /** Keys of which the second is for those who do not want the first; an empty one counts as absent. */
  atMostOne(...keys: readonly string[]): void {
    const given = keys.filter((key) => this.has(key) && this.text(key) !== '');
    if (given.length > 1) this.report(given[1], `expected at most one of ${given.join(' and ')}`);
  }

  #scalar(key: string): string | undefined {
    const value = this.#values.get(key);
    return value === undefined || value.node === null ? undefined : this.#read(value);
  }

  #read(place: Place): string | undefined {
    if (place.node === null) return '';
    if (!isScalar(place.node)) {
      this.context.yaml.report(place, `expected text, got ${isMap(place.node) ? 'a mapping' : 'a list'}`);
      return undefined;
    }
    return this.context.yaml.text(place);
  }

  #names(key: string): ReadonlyMap<string, Place> {
    const value = this.#values.get(key);
    return value === undefined ? new Map() : readMap(this.context, value, undefined);
  }

  #items(key: string): readonly Place[] {
    const value = this.#values.get(key);
    if (value === undefined || value.node === null) return [];
    if (!isSeq(value.node)) {
      this.context.yaml.report(value, `expected a list, got ${isMap(value.node) ? 'a mapping' : 'text'}`);
      return [];
    }
    return this.context.yaml.list(value);
  }

  #check(place: Place, text: string, { isSecret }: { readonly isSecret: boolean }): void {
    try {
      this.context.checkTemplate(text);
    } catch (error) {
      const { line, column, message } = error as TemplateError;
      this.context.yaml.report(
        place,
        isSecret ? `invalid template at ${line}:${column}` : `invalid template: ${message}`,
      );
    }
  }
}

function readMap(
  { yaml }: SectionContext,
  place: Place,
  keys: readonly string[] | undefined,
): ReadonlyMap<string, Place> {
  if (place.node !== null && !isMap(place.node)) {
    // Without the value, which may be a secret in the wrong place.
    yaml.report(place, `expected a mapping, got ${isSeq(place.node) ? 'a list' : 'text'}`);
    return new Map();
  }
  return yaml.map(place, keys);
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\/[^/?#]/i.test(text) && URL.canParse(text);
}
