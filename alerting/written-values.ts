/**
 * What values of a definition's keys may be: zod types whose messages say what was expected and what was given. Each takes what
 * the value is called in such a message.
 */
import { z } from 'zod';
import { describeGiven } from './describe-given.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { nearest } from './nearest.ts';

const DURATION = /^(?:0|(?:[0-9]+(?:y|w|d|h|ms|m|s))+)$/;

type Wording = (issue: { readonly input?: unknown }) => string;

/** The message of any fault of a value: what was expected, and what was given. */
function wanted(expected: string): Wording {
  return ({ input }) =>
    input === undefined
      ? `the key is missing; expected ${expected}`
      : `expected ${expected}, got ${describeGiven(input)}`;
}

/** A text of so many characters that matches the pattern. */
export function text(expected: string, { min = 0, max, pattern }: { min?: number; max: number; pattern?: RegExp }) {
  const error = wanted(expected);
  const base = z
    .string({ error })
    .min(min, { error })
    .max(max, { error: tooLong(expected, max) });
  return pattern === undefined ? base : base.regex(pattern, { error });
}

function tooLong(expected: string, max: number): Wording {
  return ({ input }) => `expected ${expected} of at most ${max} characters, got ${String(input).length}`;
}

/** A duration as `5m`, read as milliseconds. */
export function duration(expected: string, { min, max }: { readonly min: number; readonly max: number }) {
  const whole = `${expected} such as 5m or 1h30m`;
  return z
    .string({ error: wanted(whole) })
    .regex(DURATION, { error: wanted(whole) })
    .transform((given, context) => {
      const milliseconds = parseDuration(given);
      if (milliseconds !== undefined && milliseconds >= min && milliseconds <= max) return milliseconds;
      const bounds = `from ${formatDuration(min)} to ${formatDuration(max)}`;
      const message = milliseconds === undefined ? whole : `${expected} ${bounds}`;
      context.addIssue({ code: 'custom', message: `expected ${message}, got ${describeGiven(given)}`, input: given });
      return z.NEVER;
    });
}

/** A whole number. */
export function whole(expected: string, { min, max }: { readonly min: number; readonly max: number }) {
  const error = wanted(`${expected}, a whole number from ${min} to ${max}`);
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** One of these words. */
export function oneOf<const T extends readonly string[]>(names: T) {
  return z.enum(names, {
    error: ({ input }) => {
      const near = typeof input === 'string' ? nearest(input, names) : undefined;
      const hint = near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`;
      return wanted(`one of ${names.join(', ')}`)({ input }) + hint;
    },
  });
}

/** `true` or `false`. */
export const flag = z.boolean({ error: wanted('true or false') });
/** A number that is neither infinite nor none. */
export const finite = z.number({ error: wanted('a finite number') });

/** A list of so many. */
export function list<T extends z.ZodType>(of: T, { what, min = 0, max }: { what: string; min?: number; max: number }) {
  const amount = min === 0 ? `at most ${max}` : `${min} to ${max}`;
  const error: Wording = ({ input }) =>
    Array.isArray(input)
      ? `expected a list of ${amount} ${what}, got ${input.length}`
      : wanted(`a list of ${what}`)({ input });
  return z.array(of, { error }).min(min, { error }).max(max, { error });
}

/** A map of these keys. */
export function map<T extends z.ZodRawShape>(shape: T) {
  return z.object(shape, { error: wanted('a map of keys and values') });
}

/** A map of any keys. */
export function record<T extends z.ZodType>(of: T, what: string) {
  return z.record(z.string(), of, { error: wanted(`a map of ${what}`) });
}
