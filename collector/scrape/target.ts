import { hostname } from 'node:os';
import { Labels } from '../../storage/labels.ts';
import type { Relabel } from '../relabel.ts';
import { formatDurationLabel, parseDurationLabel } from './duration.ts';
import type { ScrapeConfig, TargetGroup } from './scrape-config.ts';

/** What is scraped, how often, and which labels its samples get. */
export interface Target {
  /** The labels that its samples get. */
  readonly labels: Labels;
  /** The labels before relabelling, with Prometheus' own (`__address__`, `__scheme__`, …). */
  readonly discoveredLabels: Labels;
  /** May hold secrets in its query: see `displayUrl`. */
  readonly url: URL;
  readonly scrapeInterval: number;
  readonly scrapeTimeout: number;
  /** Two targets with the same labels and URL are one and have the same key. */
  readonly key: string;
}

/** What the targets of a job's groups come to. */
export interface BuiltTargets {
  /** Without repetitions, in the order of the groups. */
  readonly targets: readonly Target[];
  /** The labels before relabelling of those that relabelling dropped, at most as many as the job keeps. */
  readonly dropped: readonly Labels[];
  readonly droppedCount: number;
  /** Why some cannot be scraped. */
  readonly failures: readonly string[];
}

/** Applies the job's defaults and its relabelling to everything that was discovered. Never throws. */
export function buildTargets(groups: readonly TargetGroup[], config: ScrapeConfig, relabel: Relabel): BuiltTargets {
  const targets = new Map<string, Target>();
  const dropped: Labels[] = [];
  const failures: string[] = [];
  const maxDropped = config.keepDroppedTargets > 0 ? config.keepDroppedTargets : Number.POSITIVE_INFINITY;
  let droppedCount = 0;
  for (const group of groups) {
    for (const address of group.targets) {
      try {
        const discovered = discoveredLabels(address, group, config);
        const labels = relabel(discovered);
        if (labels === undefined || labels.size === 0) {
          droppedCount++;
          if (dropped.length < maxDropped) dropped.push(discovered);
          continue;
        }
        const target = buildTarget(labels, discovered, config);
        if (!targets.has(target.key)) targets.set(target.key, target);
      } catch (error) {
        failures.push(`${JSON.stringify(address)}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
  return { targets: [...targets.values()], dropped, droppedCount, failures };
}

function discoveredLabels(address: string, group: TargetGroup, config: ScrapeConfig): Labels {
  const labels: Record<string, string> = {
    ...defined({
      job: config.jobName,
      __scrape_interval__: formatDurationLabel(config.scrapeInterval),
      __scrape_timeout__: formatDurationLabel(config.scrapeTimeout),
      __metrics_path__: config.metricsPath,
      __scheme__: config.scheme,
    }),
    ...defined(group.labels),
    __address__: address,
  };
  for (const [name, values] of Object.entries(config.params)) {
    if (values.length > 0) labels[`${PARAM_PREFIX}${name}`] = values[0]!;
  }
  return Labels.from(Object.entries(labels));
}

/** Without empty values, which must not hide a default. */
function defined(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''));
}

const PARAM_PREFIX = '__param_';

function buildTarget(labels: Labels, discovered: Labels, config: ScrapeConfig): Target {
  for (const [name, value] of labels) {
    if (/\p{Surrogate}/u.test(value)) throw new Error(`label ${JSON.stringify(name)} must be well-formed Unicode`);
  }
  const url = buildUrl(labels, config);
  const scrapeInterval = duration(labels, '__scrape_interval__');
  const scrapeTimeout = duration(labels, '__scrape_timeout__');
  if (scrapeTimeout > scrapeInterval) {
    const given = `${labels.get('__scrape_timeout__')} > ${labels.get('__scrape_interval__')}`;
    throw new Error(`the scrape timeout must not be greater than the scrape interval, got ${given}`);
  }
  let own = labels.filter((name) => !name.startsWith('__'));
  if (!own.has('instance')) own = own.with('instance', labels.get('__address__'));
  return {
    labels: own,
    discoveredLabels: discovered,
    url,
    scrapeInterval,
    scrapeTimeout,
    key: JSON.stringify([own.key, url.href]),
  };
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
