import type { CredentialSource } from '../credential-source.ts';
import type { KubeAccess } from '../kubernetes/kube-access.ts';
import type { RelabelConfig } from '../relabel.ts';
import type { Secret } from '../secret.ts';

/** How to talk to an HTTP server that is scraped or asked for targets. Secrets never appear in a log, an error or a URL. */
export interface HttpClientConfig {
  readonly basicAuth: BasicAuth | undefined;
  readonly authorization: Authorization | undefined;
  readonly tls: TlsConfig;
  /** A Secret when it holds a password. */
  readonly proxyUrl: string | Secret | undefined;
  readonly followRedirects: boolean;
  readonly enableHttp2: boolean;
  /** Sent with every request to the configured host. Several values are sent as one, joined by commas. */
  readonly headers: Readonly<Record<string, string | readonly HeaderValue[]>>;
  /** Where credentials come from that somebody else issues for a time; they go before `authorization` and `tls`. */
  readonly credentials?: CredentialSource | undefined;
}

/** A header's value: as it is, secret, or the content of a file that is read anew for each use. */
export type HeaderValue = string | Secret | { readonly file: string };

/** A secret is given in place or as a file that is read anew for each use. */
export interface BasicAuth {
  readonly username: string;
  readonly usernameFile: string | undefined;
  readonly password: Secret | undefined;
  readonly passwordFile: string | undefined;
}

export interface Authorization {
  /** `Bearer` unless said otherwise. */
  readonly type: string;
  readonly credentials: Secret | undefined;
  readonly credentialsFile: string | undefined;
}

export interface TlsConfig {
  readonly ca: string | undefined;
  readonly caFile: string | undefined;
  readonly cert: string | undefined;
  readonly certFile: string | undefined;
  readonly key: Secret | undefined;
  readonly keyFile: string | undefined;
  readonly serverName: string | undefined;
  readonly insecureSkipVerify: boolean;
  readonly minVersion: 'TLS10' | 'TLS11' | 'TLS12' | 'TLS13' | undefined;
  readonly maxVersion: 'TLS10' | 'TLS11' | 'TLS12' | 'TLS13' | undefined;
}

/**
 * A group of targets as service discovery yields it: addresses and labels before relabelling. Immutable: the same object
 * stands for the same targets, so that only new ones are looked at when a list of groups changes.
 */
export interface TargetGroup {
  readonly targets: readonly DiscoveredTarget[];
  readonly labels: Readonly<Record<string, string>>;
  /** Where it came from, unique within its discovery: replaces the older group of the same source. */
  readonly source: string;
}

/** An address, or labels with `__address__` among them; these win over the labels of the group, even where they are empty. */
export type DiscoveredTarget = string | Readonly<Record<string, string>>;

export interface StaticDiscoveryConfig {
  readonly kind: 'static';
  readonly groups: readonly TargetGroup[];
}

export interface FileDiscoveryConfig {
  readonly kind: 'file';
  /** Paths, made absolute; the last component may contain one `*`. */
  readonly files: readonly string[];
  readonly refreshInterval: number;
}

export interface HttpDiscoveryConfig {
  readonly kind: 'http';
  readonly url: string;
  readonly refreshInterval: number;
  readonly client: HttpClientConfig;
}

/** What targets can be made of in a Kubernetes cluster, by Prometheus' names. */
export type KubernetesRole = 'node' | 'pod' | 'service' | 'endpoints' | 'endpointslice' | 'ingress';

export interface KubernetesDiscoveryConfig {
  readonly kind: 'kubernetes';
  readonly access: KubeAccess;
  readonly role: KubernetesRole;
  /** Without names and without the own one, all namespaces. */
  readonly namespaces: {
    readonly names: readonly string[];
    /** Also the namespace of the pod that this process runs in. */
    readonly own: boolean;
  };
  /** At most one for a role. */
  readonly selectors: readonly KubernetesSelector[];
  /** Whose labels and annotations are added to the targets, where the role knows of them. */
  readonly attachMetadata: { readonly node: boolean; readonly namespace: boolean };
}

/** Restricts the objects that are asked for, in Kubernetes' syntax; '' restricts nothing. */
export interface KubernetesSelector {
  readonly role: KubernetesRole;
  readonly label: string;
  readonly field: string;
}

export type DiscoveryConfig =
  | StaticDiscoveryConfig
  | FileDiscoveryConfig
  | HttpDiscoveryConfig
  | KubernetesDiscoveryConfig;

/** One scrape job, complete: every default is filled in. Durations are milliseconds; a limit of 0 means no limit. */
export interface ScrapeConfig {
  readonly jobName: string;
  readonly scrapeInterval: number;
  readonly scrapeTimeout: number;
  readonly metricsPath: string;
  readonly scheme: 'http' | 'https';
  readonly params: Readonly<Record<string, readonly string[]>>;
  readonly honorLabels: boolean;
  readonly honorTimestamps: boolean;
  readonly trackTimestampsStaleness: boolean;
  readonly enableCompression: boolean;
  readonly bodySizeLimit: number;
  readonly sampleLimit: number;
  readonly labelLimit: number;
  readonly labelNameLengthLimit: number;
  readonly labelValueLengthLimit: number;
  readonly targetLimit: number;
  readonly keepDroppedTargets: number;
  readonly client: HttpClientConfig;
  readonly discovery: readonly DiscoveryConfig[];
  readonly relabelConfigs: readonly RelabelConfig[];
  readonly metricRelabelConfigs: readonly RelabelConfig[];
  /** The formats to ask for, the best first; undefined means those of the scraper's choice. */
  readonly scrapeProtocols?: readonly ScrapeProtocol[];
  /** The format of an answer whose Content-Type is missing or unknown; undefined fails the scrape. */
  readonly scrapeFallbackProtocol: string | undefined;
  /**
   * Nothing is stored of a target, not even that it is down, until it has answered for the first time: for parts of a cluster
   * that may not be reachable at all. Default false.
   */
  readonly silentUntilUp?: boolean;
}

/** Prometheus' names of the exposition formats. */
export type ScrapeProtocol =
  | 'PrometheusProto'
  | 'OpenMetricsText1.0.0'
  | 'OpenMetricsText0.0.1'
  | 'PrometheusText1.0.0'
  | 'PrometheusText0.0.4';
