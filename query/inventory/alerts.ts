type Texts = Readonly<Record<string, string>>;

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
  readonly receivers?: readonly string[];
  /** What its value is compared with, what it is of, and what to look at in a chart; undefined when that is not known. */
  readonly threshold?: string | undefined;
  readonly metric?: string | undefined;
  readonly query?: string | undefined;
}

/** An alert of the list. */
export interface AlertRow extends Omit<CurrentAlert, 'state'> {
  /** firing or pending. */
  readonly status: string;
  readonly name: string;
  /** Its label; '' without one. */
  readonly severity: string;
  /** serious, warn, remind or other: of which level a severity is that rules of others use. */
  readonly level: string;
  /** 0 for serious, 3 for other. */
  readonly rank: number;
  /** The smallest object that its labels name: `pod` and `shop/web-1`. */
  readonly objectKind: string;
  readonly object: string;
  /** Undefined without such labels. */
  readonly cluster: string | undefined;
  readonly namespace: string | undefined;
}

/** Names of severities, the worst first, with those that rules of others use. */
const LEVELS: readonly (readonly [level: string, severities: readonly string[]])[] = [
  ['serious', ['serious', 'critical', 'page', 'error']],
  ['warn', ['warn', 'warning']],
  ['remind', ['remind', 'info', 'none']],
  ['other', []],
];

/** What is read off the labels of an alert. */
export type AlertTraits = Pick<
  AlertRow,
  'name' | 'severity' | 'level' | 'rank' | 'objectKind' | 'object' | 'cluster' | 'namespace'
>;

/** What labels say of their alert: what it is called, how bad it is, and what it is about. */
export function alertTraits(labels: Texts): AlertTraits {
  const { alertname: name = '', severity = '', cluster, namespace } = labels;
  const found = LEVELS.findIndex(([, severities]) => severities.includes(severity));
  const rank = found < 0 ? LEVELS.length - 1 : found;
  const [objectKind, object] = objectOf(labels);
  return { name, severity, level: LEVELS[rank]![0], rank, objectKind, object, cluster, namespace };
}

/** The alerts as rows: the worst first, of these what fires, then what began last. */
export function alertRows(alerts: readonly CurrentAlert[]): readonly AlertRow[] {
  const rows = alerts.map(
    ({ state, ...alert }): AlertRow => ({ ...alert, status: state, ...alertTraits(alert.labels) }),
  );
  return rows.sort(
    (a, b) =>
      a.rank - b.rank ||
      Number(b.status === 'firing') - Number(a.status === 'firing') ||
      b.activeAt - a.activeAt ||
      (a.fingerprint < b.fingerprint ? -1 : 1),
  );
}

const WORKLOADS: readonly (readonly [label: string, kind: string])[] = [
  ['deployment', 'Deployment'],
  ['statefulset', 'StatefulSet'],
  ['daemonset', 'DaemonSet'],
  ['cronjob', 'CronJob'],
];

/** The smallest object that labels name, as policies and the usual rules name them. */
function objectOf(labels: Texts): readonly [kind: string, text: string] {
  const { cluster = '', namespace = '', pod, container = '', node = '', service, instance, job } = labels;
  if (namespace !== '') {
    if (pod !== undefined && container !== '') return ['container', `${namespace}/${pod}/${container}`];
    if (pod !== undefined) return ['pod', `${namespace}/${pod}`];
    const { workload_kind: kind, workload_name: name } = labels;
    if (kind !== undefined && name !== undefined) return [kind, `${namespace}/${name}`];
    const own = WORKLOADS.find(([label]) => labels[label] !== undefined);
    if (own !== undefined) return [own[1], `${namespace}/${labels[own[0]]}`];
    if (service !== undefined) return ['service', `${namespace}/${service}`];
  }
  if (node !== '') return ['node', node];
  if (namespace !== '') return ['namespace', namespace];
  if (instance !== undefined) return [job ?? 'instance', instance];
  return cluster === '' ? ['', 'everything'] : ['cluster', cluster];
}
