import { Matcher, type MatchOp } from '../../storage/matcher.ts';
import type { Silence } from './silence.ts';
import { SilenceError } from './silence-error.ts';

/** A matcher as it was written; not checked. */
export interface WantedMatcher {
  readonly name: string;
  readonly op: MatchOp;
  readonly value: string;
}

/** A silence that somebody asks for: a new one, or what the one of that id is to become. Times are milliseconds. */
export interface WantedSilence {
  /** '' for a new one. */
  readonly id: string;
  readonly matchers: readonly WantedMatcher[];
  readonly startsAt: number;
  readonly endsAt: number;
  readonly createdBy: string;
  readonly comment: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * The silence, checked, as of `now`; its id is still the wanted one. Throws an `invalid` SilenceError, worded as Alertmanager's, which
 * knows silences with several sets of matchers; here there is one, with the number 0.
 */
export function checkWantedSilence(wanted: WantedSilence, now: number): Silence {
  const { startsAt, endsAt } = wanted;
  if (!(startsAt < endsAt)) throw refused('start time must be before end time');
  if (endsAt < now) throw refused("end time can't be in the past");
  if (wanted.matchers.length === 0) throw invalid('at least one matcher required');
  const matchers = wanted.matchers.map(compiled);
  // What is negative cannot be all that a silence says, whether it matches the empty string or not: Alertmanager takes it.
  const isEmpty = ({ op, matchesEmpty }: Matcher): boolean => (op === '=' || op === '=~') && matchesEmpty;
  if (matchers.every(isEmpty)) throw invalid('matcher set 0: at least one matcher must not match the empty string');
  for (const [name, value] of Object.entries(wanted.annotations)) {
    if (name === '' || isBroken(name) || isBroken(value)) {
      throw invalid(`invalid annotation ${JSON.stringify(name)}: it must have a name and be valid UTF-8`);
    }
  }
  return { ...wanted, matchers, updatedAt: now };
}

function compiled({ name, op, value }: WantedMatcher, index: number): Matcher {
  const at = `invalid label matcher ${index} in set 0: `;
  if (name === '' || isBroken(name)) throw invalid(`${at}invalid label name ${JSON.stringify(name)}`);
  if (isBroken(value)) throw invalid(`${at}invalid label value ${JSON.stringify(value)}`);
  try {
    return new Matcher(name, op, value);
  } catch (error) {
    if (error instanceof SyntaxError) throw invalid(at + error.message);
    throw error;
  }
}

/** Half a character cannot be stored. */
function isBroken(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}

function refused(reason: string): SilenceError {
  return new SilenceError('invalid', `Failed to create silence: ${reason}`);
}

function invalid(reason: string): SilenceError {
  return new SilenceError('invalid', `invalid silence: ${reason}`);
}
