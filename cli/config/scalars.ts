import { RE2JS } from 're2js';
import { formatDuration } from '../../alerting/duration.ts';
import { nearest } from '../../alerting/nearest.ts';
import { formatSize, parseSize } from '../../collector/scrape/size.ts';
import { Secret } from '../../collector/secret.ts';
import { type Address, formatAddress, parseAddress } from '../server-options.ts';
import { parseDuration } from './duration.ts';
import { type ScalarShape, scalar } from './shape.ts';

/** Any text, numbers included as they are written. */
export const text = scalar('text', '', { parse: (given) => given });

export const nonEmptyText = scalar('text that is not empty', '', {
  parse(given) {
    if (given === '') throw new Error('expected text that is not empty, got ""');
    return given;
  },
});

/** Text that is never shown. */
export const secret = scalar('text', new Secret(''), {
  parse: (given) => new Secret(given),
  print: (value) => value.toString(),
  secret: true,
});

const TRUE = new Set(['true', 'yes', 'on', 'y']);
const FALSE = new Set(['false', 'no', 'off', 'n']);

export const boolean = scalar('true or false', false, {
  parse(given) {
    const word = given.toLowerCase();
    if (!TRUE.has(word) && !FALSE.has(word)) throw new Error(`expected true or false, got ${JSON.stringify(given)}`);
    return TRUE.has(word);
  },
});

/** A whole number from `from` on. */
export function integer(from = 0): ScalarShape<number> {
  const expected = `a whole number of at least ${from}`;
  return scalar(expected, from, {
    parse(given) {
      // YAML writes numbers in several ways: 1000, 1_000, 1e3, 0x3e8.
      const number = /^\+?\d[\w.+]*$/.test(given) ? Number(given.replaceAll('_', '')) : Number.NaN;
      if (!Number.isSafeInteger(number) || number < from) {
        throw new Error(`expected ${expected}, got ${JSON.stringify(given)}`);
      }
      return number;
    },
  });
}

export const duration = scalar('a duration such as 15s', 0, { parse: parseDuration, print: formatDuration });

export const positiveDuration = scalar('a duration such as 15s', 1_000, {
  parse(given) {
    const milliseconds = parseDuration(given);
    if (milliseconds === 0) throw new Error(`expected a duration longer than 0, got ${JSON.stringify(given)}`);
    return milliseconds;
  },
  print: formatDuration,
});

export const size = scalar('a size such as 10MB', 0, { parse: parseSize, print: formatSize });

/** One of these words. */
export function oneOf<const T extends string>(...words: readonly T[]): ScalarShape<T> {
  const expected = words.length === 1 ? words[0]! : `one of ${words.join(', ')}`;
  return scalar(expected, words[0]!, {
    parse(given) {
      const found = words.find((word) => word === given);
      if (found !== undefined) return found;
      const near = nearest(given, words);
      const hint = near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`;
      throw new Error(`expected ${expected}, got ${JSON.stringify(given)}${hint}`);
    },
  });
}

/** One of these words, in capitals or not. */
export function oneOfFolded<const T extends string>(...words: readonly T[]): ScalarShape<T> {
  const exact = oneOf(...words);
  return scalar(exact.expected, exact.placeholder, {
    parse: (given, place) => exact.parse(given.toLowerCase(), place),
  });
}

/** An RE2 regular expression. */
export const regex = scalar('a regular expression', '', {
  parse(given) {
    try {
      RE2JS.compile(given, RE2JS.DOTALL);
    } catch (error) {
      const reason = (error instanceof Error ? error.message : String(error)).replace(/^error parsing regexp: /, '');
      throw new Error(`expected a regular expression (RE2), got ${JSON.stringify(given)}: ${reason}`);
    }
    return given;
  },
});

/** A JavaScript regular expression that is searched for; empty means one that nothing matches. */
export const pattern = scalar('a regular expression', '', {
  parse(given) {
    try {
      new RegExp(given, 'u');
    } catch (error) {
      const reason =
        error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : String(error);
      throw new Error(`expected a regular expression, got ${JSON.stringify(given)}: ${reason}`);
    }
    return given;
  },
});

/** What is wrong with this label name, if anything. Any Unicode is allowed, as in Prometheus 3. */
export function badLabelName(name: string): string | undefined {
  if (name === '') return 'a label name must not be empty';
  return /\p{Surrogate}/u.test(name)
    ? `a label name must be well-formed Unicode, got ${JSON.stringify(name)}`
    : undefined;
}

export const labelName = scalar('a label name', '', {
  parse(given) {
    const wrong = badLabelName(given);
    if (wrong !== undefined) throw new Error(wrong);
    return given;
  },
});

/** A path, made absolute. */
export const path = scalar('a path', '', { parse: (given, place) => (given === '' ? '' : place.resolve(given)) });

/** The path, made absolute, of a file that should be there. */
export const existingFile = scalar('a path', '', {
  parse(given, place) {
    if (given === '') return '';
    const absolute = place.resolve(given);
    place.mustExist(absolute);
    return absolute;
  },
});

/** Throws unless it is an absolute http(s) URL. The error shows no password. */
function parseHttpUrl(given: string): URL {
  // The parser would take y for the host of http:///y.
  if (/^https?:\/\/[^/?#]/i.test(given) && URL.canParse(given)) return new URL(given);
  throw new Error(`expected a URL such as http://host:8080/path, got ${JSON.stringify(withoutLogin(given))}`);
}

/** An http(s) URL; a user and a password in it are kept, and not shown. */
export const url = scalar('a URL', '', {
  parse(given) {
    parseHttpUrl(given);
    return given;
  },
  print: withoutLogin,
});

/** The URL of a proxy. */
export const proxyUrl = scalar('a URL', '', {
  parse(given) {
    if (given === '') return '';
    if (/^(?:https?|socks5):\/\/[^/?#]/i.test(given) && URL.canParse(given)) return given;
    const shown = JSON.stringify(withoutLogin(given));
    throw new Error(`expected the URL of an HTTP or SOCKS 5 proxy, http://host:3128, got ${shown}`);
  },
  print: withoutLogin,
});

/** A URL without the user and password in it. */
function withoutLogin(given: string): string {
  return given.replace(/\/\/[^/]*@/, '//<secret>@');
}

/** A URL that is itself a secret, such as a webhook with a token in its path. */
export const secretUrl = scalar('a URL', new Secret(''), {
  parse(given) {
    try {
      parseHttpUrl(given);
    } catch {
      throw new Error('expected a URL such as http://host:8080/path');
    }
    return new Secret(given);
  },
  print: (value) => value.toString(),
  secret: true,
});

/** Where to listen: `HOST:PORT`. */
export const address = scalar<Address>(
  'HOST:PORT',
  { host: '', port: 0 },
  {
    parse(given) {
      try {
        return parseAddress(given);
      } catch {
        throw new Error(`expected HOST:PORT such as 127.0.0.1:9090, got ${JSON.stringify(given)}`);
      }
    },
    print: formatAddress,
  },
);
