import type { NotifiableAlert } from '../notifiable-alert.ts';

/** An alert as those see it who look at what is being told. */
export interface BoardAlert {
  readonly alert: NotifiableAlert;
  /** 16 hex digits over its labels. */
  readonly fingerprint: string;
  readonly updatedAt: number;
  /** Names of those who get it, in the order of the routes. */
  readonly receivers: readonly string[];
  /** `unprocessed` until its group was first looked at. */
  readonly state: 'unprocessed' | 'active' | 'suppressed';
  /** Ids of silences, fingerprints of alerts, names of time intervals. */
  readonly silencedBy: readonly string[];
  readonly inhibitedBy: readonly string[];
  readonly mutedBy: readonly string[];
}

/** Alerts that are told together. */
export interface BoardGroup {
  readonly labels: Readonly<Record<string, string>>;
  readonly receiver: string;
  readonly alerts: readonly BoardAlert[];
}

/** An alert that a client of the Alertmanager API posts. Undefined times are the server's choice. */
export interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: number | undefined;
  readonly endsAt: number | undefined;
  readonly generatorUrl: string;
}

/** What the Alertmanager API asks of whoever tells of alerts. */
export interface AlertBoard {
  alerts(): readonly BoardAlert[];
  groups(): readonly BoardGroup[];
  /** Names of all receivers that the configuration has. */
  receivers(): readonly string[];
  /** The configuration as text, without secrets. */
  config(): string;
  post(alerts: readonly PostedAlert[]): void;
}
