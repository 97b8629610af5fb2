import type { Clock } from '../../../clock/clock.ts';
import type { Labels } from '../../../storage/labels.ts';
import { fingerprint } from '../../fingerprint.ts';
import type { AlertSubject, NotifiableAlert } from '../../notifiable-alert.ts';
import { GoDuration } from '../../template/go-duration.ts';
import { GoTime } from '../../template/go-time.ts';
import { type Methods, methodsOf } from '../../template/method.ts';
import { ZERO_TIME } from '../../template/time-methods.ts';
import { GoMap, type GoMapType, GoStruct, isList, namedList, type Value, ValueError } from '../../template/value.ts';
import type { Notification } from '../integration.ts';
import { OPERATOR_SIGNS } from './operator-signs.ts';

/**
 * What templates get to see as their dot: the data of Alertmanager's templates under the same names, and of alerts `.Level`,
 * `.Duration`, `.Value` and, where a policy made them, `.Subject` besides.
 */
export function templateData(notification: Notification, clock: Pick<Clock, 'now'>): GoStruct {
  const alerts = notification.alerts.map((alert) => alertData(alert, clock));
  return new GoStruct(
    '*template.Data',
    {
      Receiver: notification.receiver,
      Status: notification.status,
      Alerts: namedList(alerts, 'template.Alerts', ALERTS_METHODS),
      Reason: notification.reason,
      GroupLabels: keyValues(notification.groupLabels),
      CommonLabels: keyValues(notification.commonLabels),
      CommonAnnotations: keyValues(notification.commonAnnotations),
      ExternalURL: notification.externalUrl,
      GroupKey: notification.groupKey,
      TruncatedAlerts: BigInt(notification.truncatedAlerts),
      Repeats: BigInt(notification.repeats),
      Level: worstLevel(notification.alerts),
    },
    DATA_NAMES,
  );
}

const DATA_NAMES = {
  Receiver: 'receiver',
  Status: 'status',
  Alerts: 'alerts',
  Reason: 'reason',
  GroupLabels: 'groupLabels',
  CommonLabels: 'commonLabels',
  CommonAnnotations: 'commonAnnotations',
  ExternalURL: 'externalURL',
  GroupKey: 'groupKey',
  TruncatedAlerts: 'truncatedAlerts',
  Repeats: 'repeats',
  Level: 'level',
};

function alertData(alert: NotifiableAlert, clock: Pick<Clock, 'now'>): GoStruct {
  const end = alert.endsAt === 0 ? clock.now() : alert.endsAt;
  return new GoStruct(
    'template.Alert',
    {
      Status: alert.status,
      Labels: keyValues(alert.labels),
      Annotations: keyValues(alert.annotations),
      StartsAt: new GoTime(alert.startsAt),
      EndsAt: new GoTime(alert.status === 'firing' || alert.endsAt === 0 ? ZERO_TIME : alert.endsAt),
      GeneratorURL: alert.generatorUrl,
      Fingerprint: fingerprint(alert.labels),
      Level: alert.labels.get(LEVEL_LABEL),
      Duration: GoDuration.ofMilliseconds(Math.max(end - alert.startsAt, 0)),
      // NaN where there is none; at recovery the one of now where that is current.
      Value: alert.subject?.value ?? alert.measured?.value ?? Number.NaN,
      ValueIsCurrent: alert.measured?.isCurrent ?? true,
      Subject: alert.subject === undefined ? null : subjectData(alert.subject),
    },
    ALERT_NAMES,
  );
}

const ALERT_NAMES = {
  Status: 'status',
  Labels: 'labels',
  Annotations: 'annotations',
  StartsAt: 'startsAt',
  EndsAt: 'endsAt',
  GeneratorURL: 'generatorURL',
  Fingerprint: 'fingerprint',
  Level: 'level',
  Duration: 'duration',
  Value: 'value',
  ValueIsCurrent: 'valueIsCurrent',
  Subject: 'subject',
};

function subjectData(subject: AlertSubject): GoStruct {
  return new GoStruct('*template.Subject', {
    PolicyId: subject.policyId,
    PolicyName: subject.policyName,
    ObjectLevel: subject.objectLevel,
    Object: keyValues(Object.entries(subject.object)),
    Metric: subject.metric,
    Operator: OPERATOR_SIGNS[subject.operator] ?? subject.operator,
    Threshold: subject.threshold,
    Unit: subject.unit,
    Value: subject.value,
    Period: GoDuration.ofMilliseconds(subject.period),
    Periods: BigInt(subject.periods),
  });
}

/** The label that holds a policy's level. */
const LEVEL_LABEL = 'severity';
/** From the least to the worst; what people call their levels in rules is between. */
const LEVELS = ['', 'none', 'info', 'remind', 'warn', 'warning', 'serious', 'critical'];

/** The worst of the alerts that fire, or of all when none does. */
function worstLevel(alerts: readonly NotifiableAlert[]): string {
  const firing = alerts.filter(({ status }) => status === 'firing');
  const levels = (firing.length > 0 ? firing : alerts).map(({ labels }) => labels.get(LEVEL_LABEL));
  return levels.reduce(
    (worst, level) => (LEVELS.indexOf(level) > LEVELS.indexOf(worst) ? level : worst),
    levels[0] ?? '',
  );
}

function keyValues(pairs: Labels | Iterable<readonly [string, string]>): GoMap {
  return GoMap.ofStrings(pairs, KEY_VALUES);
}

/** `alertname` first, then by name. */
function sortedPairs(map: GoMap): readonly Value[] {
  const names = map.sortedKeys();
  const ordered = names.includes('alertname') ? ['alertname', ...names.filter((name) => name !== 'alertname')] : names;
  return ordered.map((name) => new GoStruct('template.Pair', { Name: name, Value: map.get(name) }));
}

const field = (name: string) => (pair: Value) => (pair as GoStruct).fields.get(name)!;
const shown = (pairs: readonly Value[]): string =>
  pairs.map((pair) => `${field('Name')(pair)}=${field('Value')(pair)}`).join(', ');

const PAIRS_METHODS: Methods = methodsOf<readonly Value[]>({
  Names: [0, (pairs) => pairs.map(field('Name'))],
  Values: [0, (pairs) => pairs.map(field('Value'))],
  String: [0, shown],
});

const KEY_VALUES: GoMapType = {
  goType: 'template.KV',
  methods: methodsOf<GoMap>({
    SortedPairs: [0, (map) => namedList(sortedPairs(map), 'template.Pairs', PAIRS_METHODS)],
    Names: [0, (map) => sortedPairs(map).map(field('Name'))],
    Values: [0, (map) => sortedPairs(map).map(field('Value'))],
    Remove: [1, (map, [names]) => removed(map, names!)],
    String: [0, (map) => shown(sortedPairs(map))],
  }),
};

function removed(map: GoMap, names: Value): GoMap {
  if (!isList(names)) throw new ValueError('wrong type of argument for Remove: wanted a list of names');
  return new GoMap(new Map([...map.entries].filter(([name]) => !names.includes(name))), '', KEY_VALUES);
}

const withStatus = (alerts: readonly Value[], status: string): Value =>
  alerts.filter((alert) => field('Status')(alert) === status);

const ALERTS_METHODS: Methods = methodsOf<readonly Value[]>({
  Firing: [0, (alerts) => withStatus(alerts, 'firing')],
  Resolved: [0, (alerts) => withStatus(alerts, 'resolved')],
});
