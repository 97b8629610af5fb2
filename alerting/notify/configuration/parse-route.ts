import { Matcher } from '../../../storage/matcher.ts';
import { parseDuration } from '../../duration.ts';
import { compareMatchers, matchersText } from '../../group-key.ts';
import { parseMatchers } from '../../matcher-text.ts';
import type { Place, YamlReader } from '../../yaml-reader.ts';
import type { Route } from './configuration.ts';

const KEYS = [
  ...['receiver', 'group_by', 'match', 'match_re', 'matchers', 'continue', 'routes'],
  ...['group_wait', 'group_interval', 'repeat_interval', 'mute_time_intervals', 'active_time_intervals'],
];
const MAX_DEPTH = 32;
/** A name that Prometheus had before it took any text. */
const CLASSIC_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** What the root has that does not say otherwise. */
export const ROUTE_DEFAULTS = {
  groupBy: [] as readonly string[],
  groupByAll: false,
  groupWait: 30_000,
  groupInterval: 5 * 60_000,
  repeatInterval: 4 * 3_600_000,
} as const;

type Inherited = Pick<
  Route,
  'receiver' | 'groupBy' | 'groupByAll' | 'groupWait' | 'groupInterval' | 'repeatInterval'
> & { readonly key: string; readonly depth: number };

/** What routes may name. */
export interface KnownNames {
  readonly receivers: ReadonlySet<string>;
  readonly timeIntervals: ReadonlySet<string>;
}

/** The routing tree. What is wrong is reported. */
export function parseRootRoute(place: Place, yaml: YamlReader, known: KnownNames): Route {
  const keys = yaml.map(place, KEYS);
  if (keys.get('receiver') === undefined) yaml.report(place, 'expected a receiver for the root route');
  for (const key of ['match', 'match_re', 'matchers', 'mute_time_intervals', 'active_time_intervals', 'continue']) {
    const given = keys.get(key);
    const isNothing =
      given === undefined || given.node === null || (key === 'continue' && parseBoolean(given, yaml) === false);
    if (!isNothing) yaml.report(given, `expected no ${key} in the root route, which every alert comes to`);
  }
  const inherited = { ...ROUTE_DEFAULTS, receiver: '', key: '', depth: 0 };
  return new RouteReader(yaml, known).route(place, inherited, '');
}

class RouteReader {
  readonly #yaml: YamlReader;
  readonly #known: KnownNames;

  constructor(yaml: YamlReader, known: KnownNames) {
    this.#yaml = yaml;
    this.#known = known;
  }

  route(place: Place, parent: Inherited, id: string): Route {
    const yaml = this.#yaml;
    const keys = yaml.map(place, KEYS);
    const matchers = parseMatcherKeys(keys, yaml, { equal: 'match', regexp: 'match_re', matchers: 'matchers' });
    const path = matchersText(matchers);
    const own = {
      receiver: this.#name(keys.get('receiver'), this.#known.receivers, 'receiver') || parent.receiver,
      ...this.#groupBy(keys.get('group_by'), parent),
      groupWait: this.#duration(keys.get('group_wait'), { least: 0 }) ?? parent.groupWait,
      groupInterval: this.#duration(keys.get('group_interval'), { least: 1 }) ?? parent.groupInterval,
      repeatInterval: this.#duration(keys.get('repeat_interval'), { least: 1 }) ?? parent.repeatInterval,
      key: parent.depth === 0 ? path : `${parent.key}/${path}`,
    };
    const ownId = parent.depth === 0 ? path : `${id}/${path}`;
    if (parent.depth >= MAX_DEPTH) {
      yaml.report(place, `expected at most ${MAX_DEPTH} levels of routes`);
      return {
        ...own,
        id: ownId,
        matchers,
        continue: false,
        routes: [],
        muteTimeIntervals: [],
        activeTimeIntervals: [],
      };
    }
    const inherited = { ...own, depth: parent.depth + 1 };
    return {
      ...own,
      id: ownId,
      matchers,
      continue: parseBoolean(keys.get('continue'), yaml) ?? false,
      routes: yaml.list(keys.get('routes')).map((child, i) => this.route(child, inherited, `${ownId}/${i}`)),
      muteTimeIntervals: this.#names(keys.get('mute_time_intervals')),
      activeTimeIntervals: this.#names(keys.get('active_time_intervals')),
    };
  }

  #names(place: Place | undefined): string[] {
    return this.#yaml.list(place).map((item) => this.#name(item, this.#known.timeIntervals, 'time interval'));
  }

  #name(place: Place | undefined, known: ReadonlySet<string>, what: string): string {
    const name = this.#yaml.text(place) ?? '';
    if (name !== '' && !known.has(name)) {
      this.#yaml.report(place!, `expected the name of a ${what} that is defined, got ${JSON.stringify(name)}`);
    }
    return name;
  }

  #groupBy(place: Place | undefined, parent: Inherited): Pick<Route, 'groupBy' | 'groupByAll'> {
    const yaml = this.#yaml;
    const names: string[] = [];
    let groupByAll = false;
    for (const item of yaml.list(place)) {
      const name = yaml.text(item);
      if (name === undefined) continue;
      if (name === '...') groupByAll = true;
      else if (name === '') yaml.report(item, 'expected the name of a label, got nothing');
      else if (names.includes(name)) yaml.report(item, `expected each label once, got ${JSON.stringify(name)} twice`);
      else names.push(name);
    }
    if (groupByAll && names.length > 0) yaml.report(place!, 'expected "..." alone or names of labels, got both');
    if (names.length > 0) return { groupBy: names, groupByAll: false };
    return { groupBy: parent.groupBy, groupByAll: groupByAll || parent.groupByAll };
  }

  #duration(place: Place | undefined, { least }: { readonly least: number }): number | undefined {
    return parseDurationKey(place, this.#yaml, { least });
  }
}

/** A duration that is written; undefined when it is not, or after a problem. Milliseconds. */
export function parseDurationKey(
  place: Place | undefined,
  yaml: YamlReader,
  { least }: { readonly least: number },
): number | undefined {
  const text = place === undefined || place.node === null ? undefined : yaml.text(place);
  if (text === undefined) return undefined;
  const duration = parseDuration(text);
  if (duration !== undefined && duration >= least) return duration;
  const wanted = least > 0 ? 'a positive duration such as 5m or 1h30m' : 'a duration such as 30s or 5m';
  yaml.report(place!, `expected ${wanted}, got ${JSON.stringify(text)}`);
  return undefined;
}

/**
 * The matchers that three keys of a mapping give together, sorted: two mappings, of labels to values and to regular expressions,
 * and a list of texts.
 */
export function parseMatcherKeys(
  keys: ReadonlyMap<string, Place>,
  yaml: YamlReader,
  names: { readonly equal: string; readonly regexp: string; readonly matchers: string },
): readonly Matcher[] {
  const matchers: Matcher[] = [];
  const add = (place: Place, make: () => readonly Matcher[]): void => {
    try {
      matchers.push(...make());
    } catch (error) {
      yaml.report(place, error instanceof Error ? error.message : String(error));
    }
  };
  for (const [key, op] of [
    [names.equal, '='],
    [names.regexp, '=~'],
  ] as const) {
    const section = keys.get(key);
    if (section === undefined) continue;
    for (const [name, place] of yaml.map(section)) {
      const value = yaml.text(place);
      if (!CLASSIC_NAME.test(name)) {
        yaml.report(place, `expected the name of a label, got ${JSON.stringify(name)}; matchers take any name`);
      } else if (value !== undefined) add(place, () => [new Matcher(name, op, value)]);
    }
  }
  for (const item of yaml.list(keys.get(names.matchers))) {
    const text = yaml.text(item);
    if (text !== undefined) add(item, () => parseMatchers(text));
  }
  return matchers.sort(compareMatchers);
}

/** A boolean that is written; undefined when it is not, or after a problem. */
function parseBoolean(place: Place | undefined, yaml: YamlReader): boolean | undefined {
  const text = place === undefined || place.node === null ? undefined : yaml.text(place);
  if (text === undefined) return undefined;
  // YAML 1.1, which Alertmanager reads, has more words for both.
  if (/^(?:true|yes|on|y)$/i.test(text)) return true;
  if (/^(?:false|no|off|n)$/i.test(text)) return false;
  yaml.report(place!, `expected true or false, got ${JSON.stringify(text)}`);
  return undefined;
}
