import type { FoundAlertEvent } from '../../storage/alert-log.ts';
import type { Labels } from '../../storage/labels.ts';
import type { FoundNotification } from '../../storage/notification-log.ts';
import { fingerprint } from '../fingerprint.ts';
import type { Silence } from '../silences/silence.ts';
import { matcherJson } from '../silences/silence-document.ts';
import { positionText } from './history-parameters.ts';
import { ruleJson, shownAnnotations, shownLabels } from './logged-alert.ts';

/** Labels that say which object an alert is about, from the largest to the smallest. */
const OBJECT_LABELS = [
  ...['cluster', 'node', 'namespace', 'service', 'workload_kind', 'workload_name', 'pod', 'container'],
  ...['persistentvolumeclaim', 'instance', 'job'],
];
/** Fingerprints that are shown of a notification; their number is told too. */
const MAX_FINGERPRINTS = 200;

/** A change of an alert's state. Times are RFC 3339, or null when there is none; the value is text, as Prometheus writes it. */
export function transitionJson(event: FoundAlertEvent, externalLabels: Labels): object {
  const labels = shownLabels(event, externalLabels);
  const object = labels.filter((name) => OBJECT_LABELS.includes(name));
  return {
    position: positionText(event),
    time: timeText(event.timestamp),
    fingerprint: fingerprint(labels),
    rule: ruleJson(event.rule),
    state: event.state,
    value: valueText(event.value),
    labels,
    annotations: shownAnnotations(event),
    object,
    activeAt: timeText(event.activeAt),
    firedAt: timeText(event.firedAt),
    resolvedAt: timeText(event.resolvedAt),
    keepFiringSince: timeText(event.keepFiringSince),
  };
}

/** Who was told what, with which result. Of many alerts those of `about` are shown first. */
export function notificationJson(event: FoundNotification, about: readonly string[]): object {
  const { timestamp, sequence, duration, firing, resolved, ...rest } = event;
  const shown = (all: readonly string[]): readonly string[] => {
    if (all.length <= MAX_FINGERPRINTS) return all;
    const first = all.filter((one) => about.includes(one));
    return [...first, ...all.filter((one) => !about.includes(one))].slice(0, MAX_FINGERPRINTS);
  };
  return {
    position: positionText({ timestamp, sequence }),
    time: timeText(timestamp),
    ...rest,
    durationSeconds: duration / 1000,
    firing: shown(firing),
    firingCount: firing.length,
    resolved: shown(resolved),
    resolvedCount: resolved.length,
  };
}

/** What somebody wrote about a silence. */
export function silenceVersionJson(silence: Silence): object {
  return {
    id: silence.id,
    matchers: silence.matchers.map(matcherJson),
    startsAt: timeText(silence.startsAt),
    endsAt: timeText(silence.endsAt),
    createdBy: silence.createdBy,
    comment: silence.comment,
  };
}

/** RFC 3339; null for 0, which stands for never. */
export function timeText(milliseconds: number): string | null {
  return milliseconds === 0 ? null : new Date(milliseconds).toISOString();
}

/** As Prometheus writes what is no number of finite size. */
export function valueText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
