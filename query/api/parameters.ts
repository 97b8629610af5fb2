import type { FastifyRequest } from 'fastify';
import { Matcher } from '../../storage/matcher.ts';
import { parseSelector } from '../promql/parser.ts';
import { QueryError } from '../query-result.ts';

/** How far Pharos' clock can tell time in either direction, in milliseconds: that of a JavaScript Date. */
const LAST_TIME = 8.64e15;
/** Prometheus' own bounds of time, which its clients send for "everything". */
const BOUNDS: ReadonlyMap<string, number> = new Map([
  ['-292273086-05-16T16:47:06Z', -LAST_TIME],
  ['292277025-08-18T07:12:54.999999999Z', LAST_TIME],
]);
const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const RFC3339 =
  /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
const DURATION = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
const UNITS_MS = [365 * 86_400_000, 7 * 86_400_000, 86_400_000, 3_600_000, 60_000, 1000, 1] as const;
const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);
const EMPTY_MATCH = 'must contain at least one non-empty matcher';
const EMPTY_SELECTOR = `vector selector ${EMPTY_MATCH}`;
/** 64 bits of nanoseconds. */
const LONGEST_DURATION_MS = 9_223_372_036_854;

/**
 * The parameters of a request: those of a form body first, then those of the URL. Every getter throws a bad_data
 * QueryError in Prometheus' words when the text is wrong. An empty parameter counts as absent.
 */
export class Parameters {
  readonly #form: URLSearchParams;
  readonly #url: URLSearchParams;

  constructor(url: string, form = '') {
    const mark = url.indexOf('?');
    this.#url = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
    this.#form = new URLSearchParams(form);
  }

  static of(request: FastifyRequest): Parameters {
    return new Parameters(request.raw.url ?? '', typeof request.body === 'string' ? request.body : '');
  }

  /** The first value, '' when there is none. */
  text(name: string): string {
    return this.#form.get(name) ?? this.#url.get(name) ?? '';
  }

  all(name: string): string[] {
    return [...this.#form.getAll(name), ...this.#url.getAll(name)];
  }

  /** Milliseconds; without a fallback the parameter must be there. */
  time(name: string, fallback?: number): number {
    const text = this.text(name);
    if (text === '' && fallback !== undefined) return fallback;
    const time = parseTime(text);
    if (time !== undefined) return time;
    const problem = `cannot parse ${JSON.stringify(text)} to a valid timestamp`;
    throw invalid(name, fallback === undefined ? problem : `invalid time value for '${name}': ${problem}`);
  }

  /** Milliseconds, maybe negative; undefined when absent. */
  duration(name: string): number | undefined {
    const text = this.text(name);
    return text === '' ? undefined : parseDuration(name, text);
  }

  /** Positive milliseconds; the parameter must be there. */
  step(): number {
    const step = Math.round(parseDuration('step', this.text('step')));
    if (step > 0) return step;
    throw invalid('step', 'zero or negative query resolution step widths are not accepted. Try a positive integer');
  }

  /** 0 when there is no limit. */
  limit(): number {
    const text = this.text('limit');
    if (text === '') return 0;
    if (!/^[+-]?\d+$/.test(text)) {
      throw invalid('limit', `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
    }
    const limit = Number(text);
    if (!Number.isSafeInteger(limit)) {
      throw invalid('limit', `strconv.Atoi: parsing ${JSON.stringify(text)}: value out of range`);
    }
    if (limit < 0) throw invalid('limit', 'limit must be non-negative');
    return limit + 0;
  }

  /** A whole number where Prometheus' error does not quote it; a negative one, or none, is Infinity: no limit. */
  count(name: string): number {
    const text = this.text(name);
    if (text === '') return Number.POSITIVE_INFINITY;
    if (!/^[+-]?\d{1,15}$/.test(text)) throw new QueryError('bad_data', `${name} must be a number`);
    return Number(text) < 0 ? Number.POSITIVE_INFINITY : Number(text);
  }

  /** In any of the spellings that Go takes; undefined when absent. `what` is said before the reason of an error. */
  boolean(name: string, what: string): boolean | undefined {
    const text = this.text(name);
    if (text === '') return undefined;
    if (TRUE.has(text)) return true;
    if (FALSE.has(text)) return false;
    throw invalid(name, `${what}: strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
  }

  /** The compiled selectors of match[], [] when there are none. `refusal` makes the error from the reason. */
  matcherSets(refusal: (reason: string) => QueryError = badData): Matcher[][] {
    // A selector is part of a query for the parser; here it stands alone, and Prometheus words it for that.
    const worded = (reason: string) => refusal(reason.endsWith(EMPTY_SELECTOR) ? `match[] ${EMPTY_MATCH}` : reason);
    return this.all('match[]').map((text) => compileSelector(text, worded));
  }
}

/** The matchers of a selector; `refusal` makes the error from the reason when it is none. */
export function compileSelector(text: string, refusal: (reason: string) => QueryError): Matcher[] {
  try {
    return parseSelector(text).matchers.map(({ name, op, value }) => new Matcher(name, op, value));
  } catch (error) {
    throw error instanceof QueryError || error instanceof SyntaxError ? refusal(error.message) : error;
  }
}

function badData(reason: string): QueryError {
  return new QueryError('bad_data', reason);
}

/** The error for a parameter, worded as Prometheus does. */
export function invalid(name: string, reason: string): QueryError {
  return new QueryError('bad_data', `invalid parameter ${JSON.stringify(name)}: ${reason}`);
}

/** Seconds since 1970 or RFC 3339, to milliseconds; undefined when it is neither. */
function parseTime(text: string): number | undefined {
  if (FLOAT.test(text)) {
    const time = Math.round(Number(text) * 1000);
    return Math.abs(time) <= LAST_TIME ? time + 0 : undefined;
  }
  const match = RFC3339.exec(text);
  if (match === null) return BOUNDS.get(text);
  // Date.parse takes the 30th of February for the 1st of March.
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (month < 1 || month > 12 || day < 1 || day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

function parseDuration(name: string, text: string): number {
  if (FLOAT.test(text)) {
    const duration = Number(text) * 1000;
    if (Math.abs(duration) <= LONGEST_DURATION_MS) return duration;
    throw invalid(name, `cannot parse ${JSON.stringify(text)} to a valid duration. It overflows int64`);
  }
  const match = text === '' ? null : DURATION.exec(text);
  let duration = 0;
  for (const [i, size] of UNITS_MS.entries()) duration += Number(match?.[i + 1] ?? 0) * size;
  if (match === null || duration > LONGEST_DURATION_MS) {
    throw invalid(name, `cannot parse ${JSON.stringify(text)} to a valid duration`);
  }
  return duration;
}
