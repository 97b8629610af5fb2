import type { ScrapedParts } from '../../collector/kubernetes/cluster-monitor.ts';
import type { KubeAccess } from '../../collector/kubernetes/kube-access.ts';
import type { FamilySelection } from '../../collector/kubernetes/state/family-selection.ts';
import type { RelabelConfig } from '../../collector/relabel.ts';
import type { DiscoveryConfig, HttpClientConfig, ScrapeConfig } from '../../collector/scrape/scrape-config.ts';
import type { Secret } from '../../collector/secret.ts';
import type { Address } from '../server-options.ts';

/**
 * The whole configuration, checked and with every default filled in. Durations are milliseconds, sizes bytes, paths
 * absolute; a limit of 0 means no limit. Secrets are `Secret`s, so that it can be logged.
 */
export interface PharosConfig {
  /** The file it was read from, absolute; undefined when there was none. */
  readonly file: string | undefined;
  readonly global: GlobalConfig;
  readonly scrapeConfigs: readonly ScrapeConfig[];
  /** Patterns of rule files; `*`, `?` and `[…]` are wild in every component. */
  readonly ruleFiles: readonly string[];
  /** Patterns of policy files; more policies may stand in the file itself. */
  readonly policyFiles: readonly string[];
  /** Evaluate the rules that come with Pharos. */
  readonly builtinRules: boolean;
  readonly alerting: AlertingConfig;
  readonly notification: NotificationConfig;
  readonly autoscaling: AutoscalingConfig;
  readonly hostMetrics: HostMetricsConfig;
  readonly kubernetes: KubernetesConfig;
  readonly storage: StorageConfig;
  readonly remoteWrite: readonly RemoteWriteConfig[];
  readonly server: ServerConfig;
  /** The YAML that `renderConfig` gives. */
  readonly rendered: string;
}

export interface GlobalConfig {
  readonly scrapeInterval: number;
  readonly scrapeTimeout: number;
  readonly evaluationInterval: number;
  readonly ruleQueryOffset: number;
  /** Environment variables are filled in. */
  readonly externalLabels: Readonly<Record<string, string>>;
}

export interface AlertingConfig {
  /** `auto` is `store` where there is a ClickHouse server, else `none`. */
  readonly leaderElection: {
    readonly by: 'auto' | 'store' | 'kubernetes' | 'none';
    readonly namespace: string | undefined;
    readonly name: string;
  };
  /** Undefined: as long as a scrape may take. */
  readonly arrivalTimeout: number | undefined;
  readonly alertRelabelConfigs: readonly RelabelConfig[];
  readonly alertmanagers: readonly AlertmanagerConfig[];
}

/** Alertmanagers that all alerts are also pushed to. */
export interface AlertmanagerConfig {
  readonly scheme: 'http' | 'https';
  /** Goes before `/api/v2/alerts`; begins with a slash and does not end in one. '' for none. */
  readonly pathPrefix: string;
  readonly timeout: number;
  readonly client: HttpClientConfig;
  readonly discovery: readonly DiscoveryConfig[];
  readonly relabelConfigs: readonly RelabelConfig[];
  readonly alertRelabelConfigs: readonly RelabelConfig[];
}

/** What else the section says, who tells of alerts reads for itself. */
export interface NotificationConfig {
  /** Under which URL people reach this server; undefined means the one it listens on. */
  readonly externalUrl: string | undefined;
  /** An Alertmanager's configuration; undefined: the section has receivers of its own, or none. */
  readonly configFile: string | undefined;
}

/** The Kubernetes metrics APIs. Named metrics are read by who serves them. */
export interface AutoscalingConfig {
  /** Undefined: where it is said where, inside a cluster, and with a simulated one. */
  readonly enabled: boolean | undefined;
  readonly listen: Address | undefined;
  /** Undefined: a certificate of our own making. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  /** Undefined: the namespace that this process runs in. */
  readonly serviceNamespace: string | undefined;
  readonly serviceName: string;
  readonly register: boolean;
  readonly interval: number;
  readonly freshness: number;
  readonly hold: number;
}

/** The metrics of the machine that Pharos runs on. */
export interface HostMetricsConfig {
  readonly enabled: boolean;
  readonly interval: number;
  readonly job: string;
  /** The `instance` label; undefined means the machine's name. */
  readonly instance: string | undefined;
  /** What these match is left out. */
  readonly filesystemMountPointsExclude: RegExp;
  readonly filesystemTypesExclude: RegExp;
  readonly networkDevicesExclude: RegExp;
  readonly diskDevicesExclude: RegExp;
}

/** The Kubernetes clusters that are watched, and what is done for each. */
export interface KubernetesConfig {
  /** Undefined: when there is a cluster to be found, and no configuration that says nothing of it. */
  readonly enabled: boolean | undefined;
  /** Empty: the one that is found. */
  readonly clusters: readonly ClusterConfig[];
  readonly nodeAccess: NodeAccess;
  readonly scrapeInterval: number;
  readonly scrapeTimeout: number;
  readonly scrape: ScrapedParts;
  /** The kube_* metrics; undefined for none. */
  readonly stateMetrics: FamilySelection | undefined;
  readonly catalogue: boolean;
  readonly events: boolean;
  /** Undefined: there is one collector for each shard. */
  readonly leaderElection: { readonly namespace: string | undefined; readonly name: string } | undefined;
}

/** `auto` is `direct` inside the cluster and `proxy` outside. */
export type NodeAccess = 'auto' | 'direct' | 'proxy';

export interface ClusterConfig {
  /** The label `cluster`; undefined means the context's name, or none. */
  readonly name: string | undefined;
  readonly access: KubeAccess;
  readonly nodeAccess: NodeAccess;
}

export interface StorageConfig {
  /** Where the embedded store and the outbox lie. */
  readonly dataDir: string | undefined;
  /** A ClickHouse server; undefined means the embedded engine. */
  readonly clickhouse: ClickHouseConfig | undefined;
  readonly retention: number;
  /** Bytes that may wait on local disk for ClickHouse. */
  readonly outboxMaxSize: number;
}

/** A receiver of remote write that every sample is sent to. */
export interface RemoteWriteConfig {
  /** Unique. */
  readonly name: string;
  /** Without user and password. */
  readonly url: string;
  /** For one request. */
  readonly timeout: number;
  readonly client: HttpClientConfig;
  readonly writeRelabelConfigs: readonly RelabelConfig[];
  /** Bytes that may wait on local disk for the receiver. */
  readonly outboxMaxSize: number;
  readonly maxSamplesPerSend: number;
  /** How long samples gather before they are durable. */
  readonly commitInterval: number;
  /** Requests under way at a time. */
  readonly maxShards: number;
  readonly minBackoff: number;
  readonly maxBackoff: number;
  readonly sendMetadata: boolean;
}

export interface ClickHouseConfig {
  /** Without user and password. */
  readonly url: string;
  readonly user: string;
  readonly password: Secret | undefined;
  readonly passwordFile: string | undefined;
  readonly database: string;
}

export interface ServerConfig {
  readonly listen: Address;
  /** Where the embedded store is served over ClickHouse's HTTP protocol; undefined means nowhere. */
  readonly clickhouseHttp: Address | undefined;
  /** Bytes of a request's body, after decompression. */
  readonly maxBodySize: number;
  /** Whether samples can be deleted over the API. */
  readonly enableAdminApi: boolean;
  readonly query: QueryLimits;
}

export interface QueryLimits {
  readonly timeout: number;
  readonly maxConcurrency: number;
  readonly maxSamples: number;
  /** Bytes that one query may take. */
  readonly maxMemory: number;
  /** Series that one query may read. */
  readonly maxSeries: number;
  /** Threads for heavy queries; undefined: as many as the machine suggests. */
  readonly threads: number | undefined;
  /** Bytes of results that each thread keeps. */
  readonly cacheSize: number;
  /** Milliseconds after which a query is logged. */
  readonly slowQuery: number;
  readonly lookbackDelta: number;
}
