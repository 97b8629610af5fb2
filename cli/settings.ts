import path from 'node:path';
import type { Secret } from '../collector/secret.ts';
import type { Shard } from '../collector/shard.ts';
import type { PharosConfig } from './config/config.ts';
import type { Address, ServerOptions } from './server-options.ts';

/** What a server runs with and a reload cannot change: the command line before the configuration before the defaults. */
export interface Settings {
  readonly listen: Address;
  /** Absolute. */
  readonly dataDir: string;
  readonly clickhouse: ClickHouseSettings | undefined;
  readonly clickhouseHttp: Address | undefined;
  /** Milliseconds; 0 keeps for ever. */
  readonly retention: number;
  /** Undefined: all targets are scraped. */
  readonly shard: Shard | undefined;
  /** PromQL's feature flags that are on, by Prometheus' names. */
  readonly features: ReadonlySet<string>;
}

/** A ClickHouse server; user and password are also taken from the URL. */
export interface ClickHouseSettings {
  readonly url: string;
  readonly user?: string;
  readonly password?: Secret;
  readonly passwordFile?: string;
  readonly database?: string;
}

export function resolveSettings(options: ServerOptions, config: PharosConfig): Settings {
  const { storage, server } = config;
  const fromFile = storage.clickhouse;
  return {
    listen: options.listen ?? server.listen,
    dataDir: path.resolve(options.dataDir ?? storage.dataDir ?? (options.demo === true ? 'data-demo' : 'data')),
    clickhouse:
      options.clickhouse !== undefined
        ? { url: options.clickhouse }
        : fromFile && {
            url: fromFile.url,
            user: fromFile.user,
            database: fromFile.database,
            ...(fromFile.password === undefined ? {} : { password: fromFile.password }),
            ...(fromFile.passwordFile === undefined ? {} : { passwordFile: fromFile.passwordFile }),
          },
    clickhouseHttp: options.clickhouseHttp ?? server.clickhouseHttp,
    retention: options.retention ?? storage.retention,
    shard: options.shard,
    features: options.enableFeature ?? new Set(),
  };
}

/** The embedded database's directory below the data directory. */
export function databasePath(dataDir: string): string {
  return path.join(dataDir, 'clickhouse');
}

/** A URL for people: without user, password and query. */
export function cleanUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname === '/' ? '' : pathname}`;
}
