import type { Shard } from '../collector/shard.ts';
import { ALL_FEATURES, FEATURES } from '../query/promql/features.ts';
import { parseDuration } from './config/duration.ts';

export type Role = 'all' | 'collector' | 'query' | 'alerting';

/** Where to listen. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What the command line and the environment say; what they leave out, the configuration file or a default decides. */
export interface ServerOptions {
  readonly config?: string;
  readonly listen?: Address;
  /** Where the Kubernetes metrics APIs are served. */
  readonly metricsApis?: Address;
  readonly dataDir?: string;
  readonly clickhouse?: string;
  readonly clickhouseHttp?: Address;
  /** Milliseconds; 0 keeps for ever. */
  readonly retention?: number;
  /** Which of the targets are scraped; all of them by default. */
  readonly shard?: Shard;
  /** PromQL's feature flags. */
  readonly enableFeature?: ReadonlySet<string>;
  /** A Kubernetes cluster to monitor. */
  readonly kubeconfig?: string;
  /** Of the kubeconfig; its current context. */
  readonly context?: string;
  /** Play a simulated cluster and monitor it. */
  readonly demo?: boolean;
  /** Default: 20. */
  readonly demoNodes?: number;
  /** Default: 300. */
  readonly demoPods?: number;
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug';
  /** Only of the role `alerting`. */
  readonly queryUrl?: string;
  /** Only of the role `query`: the other roles, for which it answers. */
  readonly alertingUrl?: string;
  readonly collectorUrl?: string;
}

/** `HOST:PORT`, `[IPv6]:PORT` or `:PORT` (all interfaces). Throws an Error that says what was wanted. */
export function parseAddress(text: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new Error('wanted HOST:PORT, such as 127.0.0.1:9090 or [::1]:9090');
  return { host: match[1] ?? (match[2] === '' ? '::' : match[2]!), port };
}

/** More collectors than this are a mistake. */
const MAX_SHARDS = 10_000;

/** `INDEX/COUNT`, such as `0/3`. Throws an Error that says what was wanted. */
export function parseShard(text: string): Shard {
  const match = /^(\d{1,5})\/(\d{1,5})$/.exec(text);
  const index = Number(match?.[1]);
  const count = Number(match?.[2]);
  if (match === null || count > MAX_SHARDS || index >= count) {
    throw new Error(
      `wanted INDEX/COUNT with an index from 0 to COUNT - 1 and at most ${MAX_SHARDS} shards: 0/3, 1/3 and 2/3 for three collectors`,
    );
  }
  return { index, count };
}

/**
 * Feature flags separated by commas, together with those that were named before. Throws an Error that lists the flags
 * when one is unknown.
 */
export function parseFeatures(text: string, before: ReadonlySet<string> = new Set()): ReadonlySet<string> {
  const given = text.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
  const unknown = given.find((name) => !ALL_FEATURES.has(name));
  if (unknown !== undefined) {
    throw new Error(`there is no feature ${JSON.stringify(unknown)}, wanted some of ${FEATURES.join(', ')}`);
  }
  return new Set([...before, ...given]);
}

/** Prometheus' duration syntax to milliseconds; a bare 0 is allowed. */
export function parseDurationOption(text: string): number {
  return parseDuration(text);
}

export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The URL under which this machine reaches a server that listens there. */
export function localUrl({ host, port }: Address): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${formatAddress({ host: reachable, port })}`;
}
