import { badRequest } from './api-error.ts';

/** Printable and in ASCII: what a path may be sent as. */
const SENT = /^\/[\x21-\x7e]*$/;
const CONTROL = /[\x00-\x1f\x7f-\x9f]/;
/** Characters of what was given that a message repeats. */
const MAX_SHOWN = 100;

/**
 * The segments of a path as it was sent, each decoded once: `%2A` is `*`, `%2F` a slash inside of a segment, `%252F` the text
 * `%2F`. A slash at the end is ignored. Throws an ApiError of 400 for what no client sends by intention: escapes that are none
 * or not UTF-8, control characters, segments that are empty, `.` or `..`.
 */
export function pathSegments(path: string): readonly string[] {
  if (!SENT.test(path)) throw refused('must begin with a slash and consist of printable ASCII characters', path);
  if (path === '/') return [];
  const trimmed = path.endsWith('/') ? path.slice(0, -1) : path;
  return trimmed.slice(1).split('/').map(decode);
}

/** One path again, for what is told of it: only slashes and per cent signs inside of segments are escaped. */
export function pathText(segments: readonly string[]): string {
  return `/${segments.map((segment) => segment.replace(/[%/]/g, encodeURIComponent)).join('/')}`;
}

function decode(segment: string): string {
  let text: string;
  try {
    text = decodeURIComponent(segment);
  } catch {
    throw refused('must have no escape that is not one of UTF-8', segment);
  }
  if (text === '' || text === '.' || text === '..') throw refused('must have no empty segment, `.` or `..`', segment);
  if (CONTROL.test(text)) throw refused('must have no control characters', segment);
  return text;
}

function refused(rule: string, given: string): Error {
  return badRequest(`the path of a request ${rule}, got ${JSON.stringify(given.slice(0, MAX_SHOWN))}`);
}
