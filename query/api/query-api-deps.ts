import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Labels } from '../../storage/labels.ts';
import type { Querier } from '../../storage/querier.ts';
import type { Metadata } from '../../storage/series.ts';
import type { Storage } from '../../storage/storage.ts';
import type { StatisticsReader } from '../../storage/store-statistics.ts';
import type { QueryEngine } from '../query-result.ts';
import type { Answerer } from './answer.ts';

/** What the HTTP API stands on. Functions are asked at each request. */
export interface QueryApiDeps {
  readonly engine: QueryEngine;
  /** Answers query and query_range. Default: the engine, in this thread. */
  readonly answer?: Answerer;
  readonly querier: Querier;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Served at /metrics; the API's own metrics go into it. */
  readonly registry: Registry;
  readonly logger: Logger;
  readonly status: StatusSource;
  readonly targets: () => TargetsStatus;
  /** What each active target's last page says of its metrics, made while it is walked. Default: nothing. */
  readonly targetMetadata?: () => Iterable<TargetMetadata>;
  /** The Kubernetes clusters that are monitored. Default: none. */
  readonly kubernetesClusters?: () => readonly KubernetesClusterStatus[];
  /** Lists of what is in the clusters. Default: none. */
  readonly inventory?: InventoryLists;
  readonly rules: () => MaybePromise<readonly RuleGroupStatus[]>;
  readonly alerts: () => MaybePromise<readonly AlertStatus[]>;
  /** URLs of the Alertmanagers that alerts are sent to. Default: none. */
  readonly alertmanagers?: () => readonly string[];
  readonly ready: () => boolean;
  /** Rejects with an Error whose message the client may see. */
  readonly reload: () => Promise<void>;
  readonly limits: QueryLimits;
  /** What tells this server's series from other servers', for those who read them. Default: none. */
  readonly externalLabels?: () => Labels;
  /** How far back /federate looks for a series' newest sample, in milliseconds. Default 5 minutes. */
  readonly lookback?: number;
  /** The events of Kubernetes clusters. Default: there are none. */
  readonly eventLog?: Storage['eventLog'];
  /** What the store tells of itself. Default: nothing. */
  readonly statistics?: StatisticsReader;
  /** Deletes samples, as Storage does. Default: the admin API is off. */
  readonly deleteSamples?: Storage['deleteSamples'];
  /** Prometheus' feature flags of the engine. Default: none. */
  readonly features?: ReadonlySet<string>;
}

export interface InventoryLists {
  readonly names: readonly string[];
  /** One of the names with the parameters of a request; JSON-ready. Rejects with a QueryError. */
  readonly list: (name: string, parameters: URLSearchParams) => Promise<object>;
}

export type MaybePromise<T> = T | Promise<T>;

export interface QueryLimits {
  /** Milliseconds that a request may take, its wait included; a request may ask for less. */
  readonly queryTimeout: number;
  /** Queries that run at a time. Default 20. */
  readonly maxConcurrent?: number;
  /** Queries that wait for that; more are refused. Default 100. */
  readonly maxWaiting?: number;
  /** A query that takes longer, in milliseconds, is logged. Default 10 s. */
  readonly slowQuery?: number;
  /** Bytes of a form body. Default 1 MiB. */
  readonly maxBodyBytes?: number;
}

export interface StatusSource {
  /** version, revision, branch, buildUser, buildDate, goVersion, as far as they are known. */
  readonly buildInfo: Readonly<Record<string, string>>;
  /** The configuration without its secrets. */
  readonly configYaml: () => string;
  readonly flags: () => Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly startTime: number;
  /** How long samples are kept, such as 90d. */
  readonly retention: string;
}

/** The targets as Prometheus' API shows them; all that is here is JSON-ready. */
export interface TargetsStatus {
  readonly activeTargets: readonly ActiveTarget[];
  readonly droppedTargets: readonly DroppedTarget[];
  /** By scrape pool; also counts those that `droppedTargets` leaves out. */
  readonly droppedTargetCounts: Readonly<Record<string, number>>;
}

export interface ActiveTarget {
  readonly discoveredLabels: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly scrapePool: string;
  readonly scrapeUrl: string;
  readonly globalUrl: string;
  /** '' when the last scrape went well. */
  readonly lastError: string;
  /** RFC 3339. */
  readonly lastScrape: string;
  /** Seconds. */
  readonly lastScrapeDuration: number;
  readonly health: 'up' | 'down' | 'unknown';
  /** A duration such as 15s. */
  readonly scrapeInterval: string;
  readonly scrapeTimeout: string;
}

export interface TargetMetadata {
  readonly target: Labels;
  readonly metadata: readonly Metadata[];
}

export interface DroppedTarget {
  readonly discoveredLabels: Readonly<Record<string, string>>;
  readonly scrapePool: string;
}

/** A rule group as Prometheus' API shows it. Durations are seconds, times RFC 3339. */
export interface RuleGroupStatus {
  readonly name: string;
  readonly file: string;
  readonly interval: number;
  readonly limit: number;
  readonly rules: readonly RuleStatus[];
  readonly evaluationTime: number;
  readonly lastEvaluation: string;
}

export type RuleHealth = 'ok' | 'err' | 'unknown';

export type RuleStatus = AlertingRuleStatus | RecordingRuleStatus;

interface AnyRuleStatus {
  readonly name: string;
  readonly query: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly health: RuleHealth;
  readonly lastError?: string;
  readonly evaluationTime: number;
  readonly lastEvaluation: string;
}

export interface RecordingRuleStatus extends AnyRuleStatus {
  readonly type: 'recording';
}

export interface AlertingRuleStatus extends AnyRuleStatus {
  readonly type: 'alerting';
  readonly state: 'inactive' | 'pending' | 'firing' | 'unknown';
  readonly duration: number;
  readonly keepFiringFor: number;
  readonly annotations: Readonly<Record<string, string>>;
  readonly alerts: readonly AlertStatus[];
}

export interface AlertStatus {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing' | 'inactive';
  /** RFC 3339. */
  readonly activeAt?: string;
  readonly keepFiringSince?: string;
  /** A float as text. */
  readonly value: string;
}

/** A monitored Kubernetes cluster, in the shape of the HTTP API. */
export interface KubernetesClusterStatus {
  /** The label `cluster`; '' when it has none. */
  readonly name: string;
  /** The API server's URL, without credentials. */
  readonly server: string;
  /** Whether this process says what only one of several collectors may say. */
  readonly isLeader: boolean;
  readonly scrapeInterval: string;
  /** Names of its scrape pools. */
  readonly scrapePools: readonly string[];
  /** Null where they are switched off. */
  readonly stateMetrics: { readonly objects: number; readonly series: number } | null;
  readonly catalogue: {
    readonly nodes: number;
    readonly pods: number;
    readonly containers: number;
    readonly series: number;
  } | null;
  /** Objects of Prometheus Operator, with what is wrong with them. */
  readonly operatorObjects: readonly {
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly state: 'active' | 'pending' | 'kept' | 'refused';
    readonly scrapePools: readonly string[];
    readonly problem: string;
    readonly notes: readonly string[];
  }[];
}
