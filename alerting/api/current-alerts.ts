import { Labels } from '../../storage/labels.ts';
import type { AlertSnapshot } from '../alert-snapshot.ts';
import { fingerprint } from '../fingerprint.ts';

type Texts = Readonly<Record<string, string>>;

/** An alert as Alertmanager's API shows it, as far as it is looked at here. */
export interface ToldAlert {
  readonly labels: Texts;
  readonly annotations: Texts;
  readonly fingerprint: string;
  /** RFC 3339. */
  readonly startsAt: string;
  readonly status: { readonly silencedBy: readonly string[]; readonly inhibitedBy: readonly string[] };
  readonly receivers: readonly { readonly name: string }[];
  readonly generatorURL?: string;
}

/** An alert that is pending or fires, of a rule, a policy, or posted by somebody else. */
export interface CurrentAlert {
  /** Of the alert as receivers see it. */
  readonly fingerprint: string;
  readonly state: 'pending' | 'firing';
  readonly labels: Texts;
  readonly annotations: Texts;
  /** Milliseconds since 1970: since when its condition holds. */
  readonly activeAt: number;
  /** As Prometheus writes it; undefined when it is not known. */
  readonly value: string | undefined;
  readonly silencedBy: readonly string[];
  readonly inhibitedBy: readonly string[];
  /** Who is told of it while it fires. */
  readonly receivers: readonly string[];
  /** What its value is compared with, as Prometheus writes it; undefined when that is not known. */
  readonly threshold: string | undefined;
  /** What its value is of; undefined when that is not known. */
  readonly metric: string | undefined;
  /** What to look at in a chart, as PromQL; undefined when that is not known. */
  readonly query: string | undefined;
}

/**
 * What evaluation says of alerts, put together with what notification says of the same ones. Receivers see external labels too, so the labels
 * of what is told are those of what was evaluated and maybe more.
 */
export function currentAlerts(evaluated: readonly AlertSnapshot[], told: readonly ToldAlert[]): CurrentAlert[] {
  const rest = new Map(told.map((one) => [one.fingerprint, one]));
  const byName = new Map<string, ToldAlert[]>();
  for (const one of told) {
    const name = one.labels.alertname ?? '';
    const same = byName.get(name);
    if (same === undefined) byName.set(name, [one]);
    else same.push(one);
  }
  const joined = evaluated.map(({ labels, annotations, state, activeAt, value, threshold, metric }): CurrentAlert => {
    const own = fingerprint(Labels.from(labels));
    const isSame = (one: ToldAlert): boolean => rest.has(one.fingerprint) && isPartOf(labels, one.labels);
    const same = state === 'firing' ? (rest.get(own) ?? byName.get(labels.alertname ?? '')?.find(isSame)) : undefined;
    if (same !== undefined) rest.delete(same.fingerprint);
    return {
      fingerprint: same?.fingerprint ?? own,
      state,
      labels,
      annotations,
      activeAt: Date.parse(activeAt),
      value,
      silencedBy: same?.status.silencedBy ?? [],
      inhibitedBy: same?.status.inhibitedBy ?? [],
      receivers: same === undefined ? [] : namesOf(same),
      threshold,
      metric,
      query: queryOf(same),
    };
  });
  const others = [...rest.values()].map(
    ({ labels, annotations, startsAt, status, ...one }): CurrentAlert => ({
      fingerprint: one.fingerprint,
      receivers: namesOf(one),
      threshold: undefined,
      metric: undefined,
      query: queryOf(one),
      state: 'firing',
      labels,
      annotations,
      activeAt: Date.parse(startsAt),
      value: undefined,
      silencedBy: status.silencedBy,
      inhibitedBy: status.inhibitedBy,
    }),
  );
  return [...joined, ...others];
}

function namesOf({ receivers }: Pick<ToldAlert, 'receivers'>): readonly string[] {
  return receivers.map(({ name }) => name);
}

/** The expression in a link as Prometheus makes them. */
function queryOf(alert: Pick<ToldAlert, 'generatorURL'> | undefined): string | undefined {
  const url = alert?.generatorURL ?? '';
  return new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('g0.expr') ?? undefined;
}

function isPartOf(some: Texts, all: Texts): boolean {
  return Object.entries(some).every(([name, value]) => all[name] === value);
}
