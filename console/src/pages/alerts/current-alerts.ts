import { getJson } from '../../api/get-json.ts';

export type AlertLabels = Readonly<Record<string, string>>;

/** An alert that is pending or fires, of a rule, a policy, or posted by somebody else. */
export interface CurrentAlert {
  /** Of the alert as receivers see it. */
  readonly fingerprint: string;
  readonly state: 'pending' | 'firing';
  readonly labels: AlertLabels;
  readonly annotations: AlertLabels;
  /** Unix milliseconds: since when its condition holds. */
  readonly activeAt: number;
  /** NaN when it is not known. */
  readonly value: number;
  readonly silencedBy: readonly string[];
  readonly inhibitedBy: readonly string[];
  /** Who is told of it while it fires. */
  readonly receivers: readonly string[];
  /** What the value is compared with; undefined when that is not known. */
  readonly threshold: number | undefined;
  /** What the value is of; '' when that is not known. */
  readonly metric: string;
  /** What to look at in Explore, as PromQL; '' when that is not known. */
  readonly query: string;
}

/** How many alerts there are of each value of something. */
type Counts = Readonly<Record<string, number>>;

/** Some of the alerts, the worst first, as the server selects them. */
export interface CurrentAlerts {
  readonly alerts: readonly CurrentAlert[];
  /** How many are selected. */
  readonly total: number;
  /** How many pass all filters but that of the state. */
  readonly states: Counts;
  /** By what was to be counted. */
  readonly counts: Readonly<Record<string, Counts>>;
}

type Judged = 'receivers' | 'threshold' | 'metric' | 'query';

interface Answer {
  readonly items: readonly (Omit<CurrentAlert, 'state' | 'value' | Judged> & {
    readonly status: CurrentAlert['state'];
    readonly value?: string;
    readonly receivers?: readonly string[];
    readonly threshold?: string;
    readonly metric?: string;
    readonly query?: string;
  })[];
  readonly total: number;
  readonly statuses: Counts;
  readonly counts: Readonly<Record<string, Counts>>;
}

/** Alerts by parameters of /api/v1/inventory/alerts; those that are '' are left out. */
export async function loadAlerts(query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<CurrentAlerts> {
  const given = Object.entries(query).filter(([, value]) => value !== '');
  const { items, total, statuses, counts } = await getJson<Answer>(
    `/api/v1/inventory/alerts?${new URLSearchParams(given)}`,
    { signal },
  );
  const alerts = items.map(
    ({
      status,
      value = 'NaN',
      threshold,
      receivers = [],
      metric = '',
      query: measured = '',
      ...alert
    }): CurrentAlert => ({
      ...alert,
      state: status,
      value: parseValue(value),
      receivers,
      threshold: threshold === undefined ? undefined : parseValue(threshold),
      metric,
      query: measured,
    }),
  );
  return { alerts, total, states: statuses, counts };
}

/** As Prometheus writes values: `1.5e+01`, `+Inf`. */
export function parseValue(text: string): number {
  return Number(text.replace('Inf', 'Infinity'));
}
