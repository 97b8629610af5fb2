import { Matcher, type MatchOp } from '../../storage/matcher.ts';
import type { Silence } from './silence.ts';

/** The kind of the documents that silences are kept as. */
export const SILENCE_KIND = 'silence';

/** The body of a silence's document: JSON with the fields of Alertmanager's API. */
export function encodeSilence(silence: Silence): string {
  const { id, matchers, startsAt, endsAt, updatedAt, createdBy, comment, annotations } = silence;
  return JSON.stringify({
    id,
    matchers: matchers.map(matcherJson),
    startsAt: new Date(startsAt).toISOString(),
    endsAt: new Date(endsAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
    createdBy,
    comment,
    annotations,
  });
}

/** The silence of a document's body. Throws an Error that says what is wrong with it. */
export function decodeSilence(body: string): Silence {
  const fields = JSON.parse(body) as Partial<Record<string, unknown>>;
  const text = (name: string): string => {
    const value = fields[name];
    if (typeof value !== 'string') throw new Error(`${name} must be a string, got ${JSON.stringify(value)}`);
    return value;
  };
  const time = (name: string): number => {
    const value = Date.parse(text(name));
    if (Number.isNaN(value)) throw new Error(`${name} must be a time, got ${JSON.stringify(fields[name])}`);
    return value;
  };
  if (!Array.isArray(fields.matchers)) throw new Error('matchers must be a list');
  return {
    id: text('id'),
    matchers: fields.matchers.map(decodeMatcher),
    startsAt: time('startsAt'),
    endsAt: time('endsAt'),
    updatedAt: time('updatedAt'),
    createdBy: text('createdBy'),
    comment: text('comment'),
    annotations: (fields.annotations ?? {}) as Readonly<Record<string, string>>,
  };
}

/** A matcher as Alertmanager's API shows it. */
export interface MatcherJson {
  readonly isEqual: boolean;
  readonly isRegex: boolean;
  readonly name: string;
  readonly value: string;
}

export function matcherJson({ name, op, value }: { name: string; op: MatchOp; value: string }): MatcherJson {
  return { isEqual: op === '=' || op === '=~', isRegex: op === '=~' || op === '!~', name, value };
}

/** The operator that the flags of a matcher stand for. */
export function operatorOf({ isEqual, isRegex }: Pick<MatcherJson, 'isEqual' | 'isRegex'>): MatchOp {
  if (isRegex) return isEqual ? '=~' : '!~';
  return isEqual ? '=' : '!=';
}

function decodeMatcher(json: MatcherJson): Matcher {
  if (typeof json?.name !== 'string' || typeof json.value !== 'string') {
    throw new Error(`a matcher must have a name and a value, got ${JSON.stringify(json)}`);
  }
  return new Matcher(json.name, operatorOf(json), json.value);
}
