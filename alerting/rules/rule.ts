/** A rule as written. Durations are milliseconds. What changes while it runs is kept elsewhere, never here. */
export interface AlertingRule {
  readonly kind: 'alerting';
  readonly alert: string;
  readonly expr: string;
  readonly for: number;
  readonly keepFiringFor: number;
  /** Values are templates. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RecordingRule {
  readonly kind: 'recording';
  readonly record: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
}

export type Rule = AlertingRule | RecordingRule;

export interface RuleGroup {
  readonly name: string;
  /** The file it was read from. */
  readonly file: string;
  /** 0 means the global evaluation interval. */
  readonly interval: number;
  /** 0 means no limit. */
  readonly limit: number;
  /** Undefined means the global default. */
  readonly queryOffset: number | undefined;
  /** Added to every rule's labels unless the rule has them. */
  readonly labels: Readonly<Record<string, string>>;
  readonly rules: readonly Rule[];
}
