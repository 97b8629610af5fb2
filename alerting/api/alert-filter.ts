import type { Labels } from '../../storage/labels.ts';
import { compileAnchored, type Matcher } from '../../storage/matcher.ts';
import { parseMatcher, problemOfPattern } from '../matcher-text.ts';
import type { BoardAlert } from './alert-board.ts';
import { badRequest } from './alertmanager-error.ts';
import { endOf } from './alertmanager-json.ts';

/** What a request asks to see of the alerts. */
export interface AlertFilter {
  matches(alert: BoardAlert): boolean;
  /** Whether the pattern of receivers accepts the name. */
  hasReceiver(name: string): boolean;
}

/**
 * The filter of `filter`, `active`, `silenced`, `inhibited` and `receiver`; alerts that have ended are never shown. `unprocessed`
 * changes nothing, as in Alertmanager, which has processed every alert by the time it answers. Throws an AlertmanagerError.
 */
export function alertFilter(query: URLSearchParams, now: number): AlertFilter {
  const matchers = filterMatchers(query, 'filter');
  const [active, silenced, inhibited] = ['active', 'silenced', 'inhibited'].map((name) => flag(query, name));
  const receiver = receiverPattern(query.get('receiver') ?? '');
  return {
    hasReceiver: (name) => receiver === undefined || receiver.matches(name),
    matches({ alert, silencedBy, inhibitedBy }) {
      if (endOf(alert) < now) return false;
      if (!active && silencedBy.length + inhibitedBy.length === 0) return false;
      if (!silenced && silencedBy.length > 0) return false;
      if (!inhibited && inhibitedBy.length > 0) return false;
      return matchesLabels(matchers, alert.labels);
    },
  };
}

/** The matchers of a parameter that may be repeated. Throws an AlertmanagerError that begins with `complaint`. */
export function filterMatchers(query: URLSearchParams, name: string, complaint = ''): readonly Matcher[] {
  try {
    return query.getAll(name).map(parseMatcher);
  } catch (error) {
    if (error instanceof SyntaxError) throw badRequest(complaint + error.message);
    throw error;
  }
}

function matchesLabels(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every((matcher) => matcher.matches(labels.get(matcher.name)));
}

/** True unless something else than yes is given: anything that does not say yes says no. */
export function flag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name) ?? '';
  return text === '' || YES.has(text.toLowerCase());
}

const YES: ReadonlySet<string> = new Set(['true', '1', 'yes', 'ok', 'y', 'on', 'selected', 'checked', 't', 'enabled']);

function receiverPattern(pattern: string): { matches(name: string): boolean } | undefined {
  if (pattern === '') return undefined;
  try {
    // The anchors are for the complaint, which quotes the expression.
    return compileAnchored(`^(?:${pattern})$`);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw badRequest(`failed to parse receiver param: ${problemOfPattern(error)}`);
  }
}
