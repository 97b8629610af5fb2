import { hostname } from 'node:os';
import { Labels } from '../../storage/labels.ts';
import type { Relabel } from '../relabel.ts';
import { isOwn, type Shard } from '../shard.ts';
import { formatDurationLabel, parseDurationLabel } from './duration.ts';
import type { DiscoveredTarget, ScrapeConfig, TargetGroup } from './scrape-config.ts';

/** What is scraped, how often, and which labels its samples get. */
export interface Target {
  /** The labels that its samples get. */
  readonly labels: Labels;
  /** The labels before relabelling, with Prometheus' own (`__address__`, `__scheme__`, …); computed when it is read. */
  readonly discoveredLabels: Labels;
  /** May hold secrets in its query: see `displayUrl`. */
  readonly url: URL;
  readonly scrapeInterval: number;
  readonly scrapeTimeout: number;
  /** Two targets with the same labels and URL are one and have the same key. */
  readonly key: string;
}

/** What a group comes to. */
export interface BuiltGroup {
  /** In the group's order; those of other shards are not among them. */
  readonly targets: readonly Target[];
  /** Those that relabelling dropped; `discoveredLabels` says more of them. */
  readonly dropped: readonly DiscoveredTarget[];
  /** Why some cannot be scraped. */
  readonly failures: readonly string[];
}

export interface BuildContext {
  readonly config: ScrapeConfig;
  readonly relabel: Relabel;
  /** Undefined means that all targets are this process'. */
  readonly shard: Shard | undefined;
}

const NONE: readonly never[] = [];

const PARAM_PREFIX = '__param_';

/** Applies the job's defaults and its relabelling to a group. Never throws. */
export function buildGroup(group: TargetGroup, { config, relabel, shard }: BuildContext): BuiltGroup {
  const targets: Target[] = [];
  const dropped: DiscoveredTarget[] = [];
  const failures: string[] = [];
  const discover = discovering(group, config);
  for (const discovered of group.targets) {
    try {
      const labels = relabel(discover(discovered));
      if (labels === undefined || labels.size === 0) {
        dropped.push(discovered);
        continue;
      }
      const target = new BuiltTarget(labels, { discovered, group, config });
      if (shard === undefined || isOwn(shard, target.key)) targets.push(target);
    } catch (error) {
      const address = ownLabels(discovered).__address__ ?? '';
      failures.push(`${JSON.stringify(address)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return {
    targets: targets.length === 0 ? NONE : targets,
    dropped: dropped.length === 0 ? NONE : dropped.length === group.targets.length ? group.targets : dropped,
    failures: failures.length === 0 ? NONE : failures,
  };
}

/** What the targets of a list of groups come to. */
export interface BuiltTargets {
  /** Without repetitions, in the order of the groups. */
  readonly targets: readonly Target[];
  /** The labels before relabelling of those that relabelling dropped. */
  readonly dropped: readonly Labels[];
  readonly failures: readonly string[];
}

/** All groups at once: what a job that has just begun scrapes. Never throws. */
export function buildTargets(groups: readonly TargetGroup[], config: ScrapeConfig, relabel: Relabel): BuiltTargets {
  const targets = new Map<string, Target>();
  const dropped: Labels[] = [];
  const failures: string[] = [];
  for (const group of groups) {
    const built = buildGroup(group, { config, relabel, shard: undefined });
    for (const target of built.targets) if (!targets.has(target.key)) targets.set(target.key, target);
    dropped.push(...built.dropped.map((target) => discoveredLabels(target, group, config)));
    failures.push(...built.failures);
  }
  return { targets: [...targets.values()], dropped, failures };
}

/** The labels before relabelling. The target's own win over the group's, and both over the job's where they are not empty. */
export function discoveredLabels(target: DiscoveredTarget, group: TargetGroup, config: ScrapeConfig): Labels {
  return discovering(group, config)(target);
}

/** The labels before relabelling of any target of a group: what they have in common is sorted once. */
function discovering(group: TargetGroup, config: ScrapeConfig): (target: DiscoveredTarget) => Labels {
  const ofJob = jobLabels(config);
  const common = new Map(ofJob);
  for (const name in group.labels) if (group.labels[name] !== '') common.set(name, group.labels[name]!);
  const names = [...common.keys()].sort();
  return (target) => {
    const own = ownLabels(target);
    const ownNames = Object.keys(own).sort();
    const pairs: string[] = [];
    let next = 0;
    for (const name of ownNames) {
      while (next < names.length && names[next]! < name) pairs.push(names[next]!, common.get(names[next++]!)!);
      if (names[next] === name) next++;
      const value = own[name] || ofJob.get(name);
      if (value) pairs.push(name, value);
    }
    while (next < names.length) pairs.push(names[next]!, common.get(names[next++]!)!);
    return Labels.fromSortedPairs(pairs);
  };
}

const jobLabelsOf = new WeakMap<ScrapeConfig, ReadonlyMap<string, string>>();

/** What targets have that bring nothing else; without empty values. */
function jobLabels(config: ScrapeConfig): ReadonlyMap<string, string> {
  let labels = jobLabelsOf.get(config);
  if (labels === undefined) {
    const params = Object.entries(config.params).map(
      ([name, values]) => [`${PARAM_PREFIX}${name}`, values[0]] as const,
    );
    const all: readonly (readonly [string, string | undefined])[] = [
      ['job', config.jobName],
      ['__scrape_interval__', formatDurationLabel(config.scrapeInterval)],
      ['__scrape_timeout__', formatDurationLabel(config.scrapeTimeout)],
      ['__metrics_path__', config.metricsPath],
      ['__scheme__', config.scheme],
      ...params,
    ];
    labels = new Map(all.filter((label): label is readonly [string, string] => !!label[1]));
    jobLabelsOf.set(config, labels);
  }
  return labels;
}

/** What a target of a group has besides the group's labels. */
export function ownLabels(target: DiscoveredTarget): Readonly<Record<string, string>> {
  return typeof target === 'string' ? { __address__: target } : target;
}

interface Origin {
  readonly discovered: DiscoveredTarget;
  readonly group: TargetGroup;
  readonly config: ScrapeConfig;
}

/** The labels before relabelling are many and hardly ever shown, so that they are not kept. */
class BuiltTarget implements Target {
  readonly labels: Labels;
  readonly url: URL;
  readonly scrapeInterval: number;
  readonly scrapeTimeout: number;
  readonly key: string;
  readonly #origin: Origin;

  /** Throws when the labels after relabelling are no target. */
  constructor(labels: Labels, origin: Origin) {
    for (const [name, value] of labels) {
      if (/\p{Surrogate}/u.test(value)) throw new Error(`label ${JSON.stringify(name)} must be well-formed Unicode`);
    }
    this.#origin = origin;
    this.url = buildUrl(labels, origin.config);
    this.scrapeInterval = duration(labels, '__scrape_interval__');
    this.scrapeTimeout = duration(labels, '__scrape_timeout__');
    if (this.scrapeTimeout > this.scrapeInterval) {
      const given = `${labels.get('__scrape_timeout__')} > ${labels.get('__scrape_interval__')}`;
      throw new Error(`the scrape timeout must not be greater than the scrape interval, got ${given}`);
    }
    const own = labels.filter((name) => !name.startsWith('__'));
    this.labels = own.has('instance') ? own : own.with('instance', labels.get('__address__'));
    this.key = JSON.stringify([this.labels.key, this.url.href]);
  }

  get discoveredLabels(): Labels {
    const { discovered, group, config } = this.#origin;
    return discoveredLabels(discovered, group, config);
  }
}

function buildUrl(labels: Labels, config: ScrapeConfig): URL {
  const scheme = labels.get('__scheme__');
  if (scheme !== 'http' && scheme !== 'https') {
    throw new Error(`the scheme must be http or https, got ${JSON.stringify(scheme)}`);
  }
  const address = labels.get('__address__');
  if (address === '') throw new Error('a target must have an address after relabelling, got none');
  if (/[/\\?#@\s]/.test(address) || !URL.canParse(`${scheme}://${address}`)) {
    throw new Error(`the address must be host or host:port, got ${JSON.stringify(address)}`);
  }
  const url = new URL(`${scheme}://${address}`);
  url.pathname = labels.get('__metrics_path__');
  const params = new Map(Object.entries(config.params).map(([name, values]) => [name, [...values]]));
  for (const [name, value] of labels) {
    if (!name.startsWith(PARAM_PREFIX)) continue;
    const key = name.slice(PARAM_PREFIX.length);
    params.set(key, [value, ...(params.get(key)?.slice(1) ?? [])]);
  }
  for (const name of [...params.keys()].sort()) {
    for (const value of params.get(name)!) url.searchParams.append(name, value);
  }
  return url;
}

function duration(labels: Labels, name: string): number {
  const milliseconds = parseDurationLabel(labels.get(name));
  if (milliseconds <= 0) throw new Error(`${name} must be greater than 0, got ${labels.get(name)}`);
  return milliseconds;
}

const SECRET_PARAMETER = /token|secret|passw|credential|auth|signature|api-?_?key|^key$/i;

/** The URL for people: parameters whose name tells that they are secrets are hidden. */
export function displayUrl(url: URL): string {
  if (![...url.searchParams.keys()].some((name) => SECRET_PARAMETER.test(name))) return url.href;
  const shown = new URL(url);
  for (const name of new Set(url.searchParams.keys())) {
    if (SECRET_PARAMETER.test(name)) shown.searchParams.set(name, '<secret>');
  }
  return shown.href;
}

/** Discovered labels for people: URL parameters whose name tells that they are secrets are hidden. */
export function displayLabels(labels: Labels): Labels {
  let shown = labels;
  for (const [name] of labels) {
    const isParameter = name.startsWith(PARAM_PREFIX) && SECRET_PARAMETER.test(name.slice(PARAM_PREFIX.length));
    if (isParameter) shown = shown.with(name, '<secret>');
  }
  return shown;
}

/** As `displayUrl`, with this machine's name in place of localhost, so that it can be opened elsewhere. */
export function globalUrl(url: URL): string {
  if (!['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)) return displayUrl(url);
  const shown = new URL(displayUrl(url));
  shown.hostname = hostname();
  return shown.href;
}
