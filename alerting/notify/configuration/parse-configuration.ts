/**
 * Alertmanager's configuration. Reading is strict and complete: every problem is reported with its place, and a configuration with a
 * problem is none at all.
 */
import { resolve } from 'node:path';
import { type FileProblem, type Place, YamlReader } from '../../yaml-reader.ts';
import type { IntegrationParser, IntegrationRegistry } from '../integration.ts';
import type { InhibitRule, NotifyConfiguration, Receiver } from './configuration.ts';
import { parseDurationKey, parseMatcherKeys, parseRootRoute } from './parse-route.ts';
import { parseTimeInterval } from './parse-time-interval.ts';
import { withoutSecrets } from './redact.ts';
import { type SimpleReceiver, simpleConfiguration } from './simple-configuration.ts';
import type { TimeInterval } from './time-interval.ts';

const KEYS = [
  ...['global', 'route', 'inhibit_rules', 'receivers', 'templates', 'time_intervals', 'mute_time_intervals'],
  ...['tracing', 'event_recorder'],
];
const INHIBIT_KEYS = [
  ...['name', 'equal', 'source_match', 'source_match_re', 'source_matchers'],
  ...['target_match', 'target_match_re', 'target_matchers'],
];
const GROUPING_KEYS = ['group_by', 'group_wait', 'group_interval', 'repeat_interval'];
const RESOLVE_TIMEOUT = 5 * 60_000;
const NOTHING: Place = { node: null, path: '', offset: 0 };

type Grouping = Partial<Omit<SimpleReceiver, keyof Receiver>>;
const MAX_CHARACTERS = 16 * 1024 * 1024;

export interface ConfigurationSource {
  /** Only a name, for messages. */
  readonly file: string;
  /** Absolute; names of files in it are relative to it. */
  readonly directory: string;
  readonly text: string;
  /** The key of the file's root that holds the configuration; undefined when it is the whole file. */
  readonly under?: string | undefined;
}

/** The configuration, or all of its problems: exactly one of the two is there. */
export function parseNotifyConfiguration(
  source: ConfigurationSource,
  registry: IntegrationRegistry,
): { readonly configuration: NotifyConfiguration | undefined; readonly problems: readonly FileProblem[] } {
  const { file, text } = source;
  if (text.length > MAX_CHARACTERS) {
    const message = `expected a configuration of at most ${MAX_CHARACTERS} characters, got ${text.length}`;
    return { configuration: undefined, problems: [{ file, line: 1, column: 1, field: '', message }] };
  }
  const reader = new ConfigurationReader(source, registry);
  const configuration = reader.read();
  const problems = reader.problems;
  return { configuration: problems.length === 0 ? configuration : undefined, problems };
}

/**
 * The configuration that a plain list of receivers stands for, each of which gets every alert: a section with `receivers`, whose items
 * have `group_by`, `group_wait`, `group_interval` and `repeat_interval` beside the sections of their integrations, or the defaults of
 * these beside `receivers`. Keys of the section that are `others` are left alone.
 */
export function parseSimpleConfiguration(
  source: ConfigurationSource,
  registry: IntegrationRegistry,
  others: readonly string[] = [],
): { readonly configuration: NotifyConfiguration | undefined; readonly problems: readonly FileProblem[] } {
  const reader = new ConfigurationReader(source, registry);
  const configuration = reader.readSimple(others);
  const problems = reader.problems;
  return { configuration: problems.length === 0 ? configuration : undefined, problems };
}

class ConfigurationReader {
  readonly #source: ConfigurationSource;
  readonly #registry: IntegrationRegistry;
  readonly #yaml: YamlReader;

  constructor(source: ConfigurationSource, registry: IntegrationRegistry) {
    this.#source = source;
    this.#registry = registry;
    this.#yaml = new YamlReader(source.file, source.text);
  }

  /** In the order of the file, each once: some places are read for more than one purpose. */
  get problems(): readonly FileProblem[] {
    const seen = new Set<string>();
    return this.#yaml.problems
      .toSorted((a, b) => a.line - b.line || a.column - b.column)
      .filter(({ line, column, field, message }) => {
        const key = JSON.stringify([line, column, field, message]);
        return !seen.has(key) && seen.add(key);
      });
  }

  read(): NotifyConfiguration | undefined {
    const yaml = this.#yaml;
    const root = this.#root();
    if (root === undefined) {
      if (yaml.problems.length === 0) yaml.report(NOTHING, 'expected a configuration, got nothing');
      return undefined;
    }
    const keys = yaml.map(root, KEYS);
    const globals = yaml.map(keys.get('global') ?? { ...root, node: null }, [
      'resolve_timeout',
      ...this.#registry.globalKeys,
    ]);
    const receivers = this.#receivers(keys.get('receivers'), globals);
    const timeIntervals = new Map<string, readonly TimeInterval[]>();
    for (const key of ['mute_time_intervals', 'time_intervals']) this.#timeIntervals(keys.get(key), timeIntervals);
    const inhibitRules = yaml.list(keys.get('inhibit_rules')).map((place) => this.#inhibitRule(place));
    const templates = yaml.list(keys.get('templates')).map((place) => this.#template(place));
    const route = keys.get('route');
    if (route === undefined || route.node === null) {
      yaml.report(root, 'expected a route');
      return undefined;
    }
    return {
      resolveTimeout: parseDurationKey(globals.get('resolve_timeout'), yaml, { least: 0 }) ?? RESOLVE_TIMEOUT,
      route: parseRootRoute(route, yaml, {
        receivers: new Set(receivers.map(({ name }) => name)),
        timeIntervals: new Set(timeIntervals.keys()),
      }),
      inhibitRules,
      timeIntervals,
      receivers,
      templates,
      text: withoutSecrets(root.node),
    };
  }

  readSimple(others: readonly string[]): NotifyConfiguration {
    const yaml = this.#yaml;
    const root = this.#root();
    const keys = yaml.map(root ?? NOTHING, ['receivers', ...GROUPING_KEYS, ...others]);
    const defaults = this.#grouping(keys);
    const items = yaml.list(keys.get('receivers'));
    const receivers = this.#receivers(keys.get('receivers'), new Map(), GROUPING_KEYS);
    return simpleConfiguration(
      receivers.map((receiver, i) => ({ ...defaults, ...receiver, ...this.#grouping(yaml.map(items[i]!)) })),
    );
  }

  /** Only what is written, so that it can be put over defaults. */
  #grouping(keys: ReadonlyMap<string, Place>): Grouping {
    const yaml = this.#yaml;
    const groupBy = keys.get('group_by');
    const duration = (key: string, least: number): number | undefined =>
      parseDurationKey(keys.get(key), yaml, { least });
    const given = {
      groupBy: groupBy === undefined ? undefined : yaml.list(groupBy).flatMap((item) => yaml.text(item) ?? []),
      groupWait: duration('group_wait', 0),
      groupInterval: duration('group_interval', 1),
      repeatInterval: duration('repeat_interval', 1),
    };
    return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  }

  #root(): Place | undefined {
    const root = this.#yaml.root;
    const { under } = this.#source;
    return root === undefined || under === undefined ? root : this.#yaml.map(root).get(under);
  }

  #receivers(
    place: Place | undefined,
    globals: ReadonlyMap<string, Place>,
    others: readonly string[] = [],
  ): Receiver[] {
    const yaml = this.#yaml;
    const context = { yaml, directory: this.#source.directory };
    const parsers = this.#registry.parsers(globals, context);
    const sections = [...parsers.keys()].map((kind) => `${kind}_configs`);
    const names = new Set<string>();
    return yaml.list(place).map((item) => {
      // Newer Alertmanagers show labels of receivers; they change nothing.
      const keys = yaml.map(item, ['name', 'labels', ...sections, ...others]);
      const name = this.#uniqueName(keys.get('name'), item, names);
      return { name, integrations: [...parsers].flatMap(([kind, parse]) => this.#integrations(keys, kind, parse)) };
    });
  }

  #integrations(
    keys: ReadonlyMap<string, Place>,
    kind: string,
    parse: IntegrationParser,
  ): Receiver['integrations'][number][] {
    return this.#yaml.list(keys.get(`${kind}_configs`)).flatMap((item, i) => {
      const settings = parse(item);
      return settings === undefined ? [] : [{ name: `${kind}/${i}`, settings }];
    });
  }

  #timeIntervals(place: Place | undefined, named: Map<string, readonly TimeInterval[]>): void {
    const yaml = this.#yaml;
    for (const item of yaml.list(place)) {
      const keys = yaml.map(item, ['name', 'time_intervals']);
      const name = this.#uniqueName(keys.get('name'), item, named);
      const intervals = yaml.list(keys.get('time_intervals')).map((one) => parseTimeInterval(one, yaml));
      named.set(name, intervals);
    }
  }

  #uniqueName(
    place: Place | undefined,
    owner: Place,
    taken: { has(name: string): boolean; add?(name: string): unknown },
  ): string {
    const name = this.#yaml.text(place) ?? '';
    if (name === '') this.#yaml.report(place ?? owner, 'expected a name');
    else if (taken.has(name)) this.#yaml.report(place!, `expected a unique name, got ${JSON.stringify(name)} again`);
    taken.add?.(name);
    return name;
  }

  #inhibitRule(place: Place): InhibitRule {
    const yaml = this.#yaml;
    const keys = yaml.map(place, INHIBIT_KEYS);
    const matchers = (side: string) =>
      parseMatcherKeys(keys, yaml, {
        equal: `${side}_match`,
        regexp: `${side}_match_re`,
        matchers: `${side}_matchers`,
      });
    const equal = yaml.list(keys.get('equal')).flatMap((item) => {
      const name = yaml.text(item);
      if (name === '') yaml.report(item, 'expected the name of a label, got nothing');
      return name ?? [];
    });
    return { sourceMatchers: matchers('source'), targetMatchers: matchers('target'), equal };
  }

  #template(place: Place): string {
    const pattern = this.#yaml.text(place) ?? '';
    if (pattern === '') this.#yaml.report(place, 'expected the name of a file, got nothing');
    else if (!/^[^*]*(?:\*[^/]*)?$/.test(pattern)) {
      this.#yaml.report(place, `expected a path with a * in its last component only, got ${JSON.stringify(pattern)}`);
    }
    return resolve(this.#source.directory, pattern);
  }
}
