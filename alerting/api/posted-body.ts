import { AlertmanagerError, brokenRule, unreadableBody } from './alertmanager-error.ts';
import type { ApiRequest } from './endpoint.ts';

/** The body of a request of Alertmanager's API, which its name is for: JSON, maybe null. Throws an AlertmanagerError. */
export function postedJson({ contentType, body }: ApiRequest, name: string): unknown {
  if (contentType !== 'application/json') {
    const message = `unsupported media type ${JSON.stringify(contentType)}, only [application/json] are allowed`;
    throw new AlertmanagerError(415, message, 415);
  }
  if (body.trim() === '') throw brokenRule(602, `${name} in body is required`);
  try {
    return JSON.parse(body);
  } catch (error) {
    throw unreadableBody(name, (error as SyntaxError).message);
  }
}

/** Reads the fields of a JSON object; what has another type than is asked for is an AlertmanagerError that names the body. */
export class PostedFields {
  readonly #body: string;
  /** Where in the body the object is, with a dot behind: '' or `matchers.0.`. */
  readonly #place: string;
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(value: unknown, body: string, place = '') {
    this.#body = body;
    this.#place = place;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw this.#wrong(place.slice(0, -1) || body, 'an object', value);
    }
    this.#fields = value as Readonly<Record<string, unknown>>;
  }

  /** Throws when the field is missing. */
  require(...names: readonly string[]): void {
    const missing = names.find((name) => this.#value(name) === undefined);
    if (missing !== undefined) throw brokenRule(602, `${this.#place}${missing} in body is required`);
  }

  string(name: string): string | undefined {
    return this.#typed(name, 'a string', (value) => typeof value === 'string') as string | undefined;
  }

  boolean(name: string): boolean | undefined {
    return this.#typed(name, 'a boolean', (value) => typeof value === 'boolean') as boolean | undefined;
  }

  list(name: string): readonly unknown[] | undefined {
    return this.#typed(name, 'a list', Array.isArray) as readonly unknown[] | undefined;
  }

  /** Unix milliseconds; undefined also for '' and for Go's zero time, which is how its programs leave a time out. */
  time(name: string): number | undefined {
    const text = this.string(name);
    if (text === undefined || text === '') return undefined;
    const time = parseTime(text);
    if (time === undefined) throw this.#wrong(name, 'a time such as 2006-01-02T15:04:05Z', text);
    return time === ZERO_TIME ? undefined : time;
  }

  /** A map of strings; {} when there is none. */
  strings(name: string): Readonly<Record<string, string>> {
    const value = this.#typed(name, 'an object of strings', (given) => {
      return (
        typeof given === 'object' && !Array.isArray(given) && Object.values(given!).every((v) => typeof v === 'string')
      );
    });
    return (value ?? {}) as Readonly<Record<string, string>>;
  }

  #value(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? (this.#fields[name] ?? undefined) : undefined;
  }

  #typed(name: string, wanted: string, isWanted: (value: unknown) => boolean): unknown {
    const value = this.#value(name);
    if (value === undefined || isWanted(value)) return value;
    throw this.#wrong(name, wanted, value);
  }

  #wrong(name: string, wanted: string, given: unknown): AlertmanagerError {
    const text = JSON.stringify(given) ?? 'nothing';
    const shown = text.length > 100 ? `${text.slice(0, 100)}…` : text;
    return unreadableBody(this.#body, `${this.#place}${name} must be ${wanted}, got ${shown}`);
  }
}

const ZERO_TIME = Date.parse('0001-01-01T00:00:00Z');
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/i;

/** RFC 3339, also without seconds and without a zone, which then is UTC. */
function parseTime(text: string): number | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const time = Date.parse(match[1] === undefined ? `${text}Z` : text.toUpperCase());
  return Number.isNaN(time) ? undefined : time;
}
