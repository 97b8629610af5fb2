import { createHash } from 'node:crypto';
import type { AlertSubject, NotifiableAlert } from '../../notifiable-alert.ts';
import { GoTime } from '../../template/go-time.ts';
import { timeZone } from '../../template/time-zone.ts';
import { OPERATOR_SIGNS } from './operator-signs.ts';

export interface TkeBodyOptions {
  /** Milliseconds. */
  readonly now: number;
  /** Of the times in the body: an IANA name. */
  readonly zone: string;
}

/**
 * The body that receivers of TKE's alarms know: one alert, the object that it is about, and the condition that it met. Of an alert
 * of a rule there is no condition to tell: its name stands for the metric, and its labels say which object it is about.
 */
export function tkeBody(alert: NotifiableAlert, { now, zone }: TkeBodyOptions) {
  const { subject } = alert;
  const firing = alert.status === 'firing';
  const end = firing || alert.endsAt === 0 ? now : alert.endsAt;
  return {
    sessionId: sessionId(alert),
    alarmStatus: firing ? '1' : '0',
    alarmType: 'metric',
    alarmObjInfo: {
      region: alert.labels.get('region'),
      namespace: `k8s_${subject?.objectLevel ?? 'cluster'}`,
      dimensions: dimensions(alert),
    },
    alarmPolicyInfo: {
      policyId: subject?.policyId ?? alert.rule,
      policyType: `k8s_${subject?.objectLevel ?? 'cluster'}`,
      policyName: subject?.policyName ?? alert.labels.get('alertname'),
      policyTypeCName: subject?.objectLevel ?? 'rule',
      conditions: { ...conditions(alert, subject), ...notifyType(alert) },
    },
    firstOccurTime: timeText(alert.startsAt, zone),
    durationTime: Math.max(Math.round((end - alert.startsAt) / 1000), 0),
    recoverTime: firing ? '0' : timeText(end, zone),
  };
}

function dimensions(alert: NotifiableAlert) {
  const object = new Map<string, string>([...alert.labels, ...Object.entries(alert.subject?.object ?? {})]);
  const get = (name: string): string => object.get(name) ?? '';
  const named = alert.subject === undefined ? [] : Object.values(alert.subject.object);
  return {
    objId: named.join('/'),
    objName: named.at(-1) ?? '',
    tke_cluster_instance_id: get('cluster'),
    namespace: get('namespace'),
    workload_kind: get('workload_kind'),
    workload_name: get('workload_name'),
    pod_name: get('pod'),
    node: get('node'),
    node_role: get('node_role'),
    container_name: get('container'),
  };
}

function conditions(alert: NotifiableAlert, subject: AlertSubject | undefined) {
  if (subject === undefined) {
    const name = alert.labels.get('alertname');
    return {
      ...NO_CONDITION,
      metricName: name,
      metricShowName: alert.annotations.get('summary') || name,
      currentValue: numberText(alert.measured?.value ?? Number.NaN),
    };
  }
  return {
    metricName: subject.metric,
    metricShowName: subject.metric,
    calcType: OPERATOR_SIGNS[subject.operator] ?? subject.operator,
    calcValue: numberText(subject.threshold),
    calcUnit: subject.unit,
    currentValue: numberText(subject.value),
    unit: subject.unit,
    period: String(subject.period / 1000),
    periodNum: String(subject.periods),
  };
}

const NO_CONDITION = {
  metricName: '',
  metricShowName: '',
  calcType: '',
  calcValue: '',
  calcUnit: '',
  currentValue: '',
  unit: '',
  period: '',
  periodNum: '',
};

function notifyType({ notice }: NotifiableAlert) {
  const repeat = notice?.repeat;
  if (repeat === undefined || repeat.kind === 'once') return { alarmNotifyType: 'singleAlarm', alarmNotifyPeriod: 0 };
  return repeat.kind === 'every'
    ? { alarmNotifyType: 'continuousAlarm', alarmNotifyPeriod: repeat.interval / 1000 }
    : { alarmNotifyType: 'exponentialAlarm', alarmNotifyPeriod: repeat.first / 1000 };
}

/** One for all that is told of the alert from its beginning to its end. */
function sessionId(alert: NotifiableAlert): string {
  const digest = createHash('sha256').update(`${alert.rule}\n${alert.key}\n${alert.startsAt}`).digest('hex');
  return digest.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

function timeText(milliseconds: number, zone: string): string {
  return new GoTime(milliseconds, timeZone(zone)).format('2006-01-02 15:04:05');
}

/** At most six digits; '' when there is no value. */
function numberText(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : '';
}
