import { getJson } from '../../api/get-json.ts';
import { fingerprint } from './fingerprint.ts';
import { groupBy } from './group-by.ts';

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
}

interface EvaluatedAlert {
  readonly labels: AlertLabels;
  readonly annotations: AlertLabels;
  readonly state: 'pending' | 'firing';
  readonly activeAt: string;
  readonly value: string;
}

interface ToldAlert {
  readonly labels: AlertLabels;
  readonly annotations: AlertLabels;
  readonly fingerprint: string;
  readonly startsAt: string;
  readonly status: {
    readonly state: string;
    readonly silencedBy: readonly string[];
    readonly inhibitedBy: readonly string[];
  };
}

/** What evaluation says, put together with what notification says of the same alerts. */
export async function loadCurrentAlerts(signal: AbortSignal): Promise<readonly CurrentAlert[]> {
  const [evaluated, told] = await Promise.all([
    getJson<{ readonly alerts: readonly EvaluatedAlert[] }>('/api/v1/alerts', { signal }),
    getJson<readonly ToldAlert[]>('/api/v2/alerts', { signal }),
  ]);
  return joinAlerts(evaluated.alerts, told);
}

/** Receivers see external labels too, so the labels of what is told are those of what was evaluated and maybe more. */
export function joinAlerts(evaluated: readonly EvaluatedAlert[], told: readonly ToldAlert[]): readonly CurrentAlert[] {
  const byFingerprint = new Map(told.map((one) => [one.fingerprint, one]));
  const byName = groupBy(told, ({ labels }) => labels.alertname ?? '');
  const rest = new Set(told);
  const joined = evaluated.map(({ labels, annotations, state, activeAt, value }): CurrentAlert => {
    const own = fingerprint(labels);
    const same =
      state === 'firing'
        ? (byFingerprint.get(own) ??
          byName.get(labels.alertname ?? '')?.find((one) => rest.has(one) && isPartOf(labels, one.labels)))
        : undefined;
    if (same !== undefined) rest.delete(same);
    return {
      fingerprint: same?.fingerprint ?? own,
      state,
      labels,
      annotations,
      activeAt: Date.parse(activeAt),
      value: parseValue(value),
      silencedBy: same?.status.silencedBy ?? [],
      inhibitedBy: same?.status.inhibitedBy ?? [],
    };
  });
  const others = [...rest].map(
    ({ labels, annotations, startsAt, status, ...one }): CurrentAlert => ({
      fingerprint: one.fingerprint,
      state: 'firing',
      labels,
      annotations,
      activeAt: Date.parse(startsAt),
      value: Number.NaN,
      silencedBy: status.silencedBy,
      inhibitedBy: status.inhibitedBy,
    }),
  );
  return [...joined, ...others];
}

/** As Prometheus writes values: `1.5e+01`, `+Inf`. */
export function parseValue(text: string): number {
  return Number(text.replace('Inf', 'Infinity'));
}

function isPartOf(some: AlertLabels, all: AlertLabels): boolean {
  return Object.entries(some).every(([name, value]) => all[name] === value);
}
