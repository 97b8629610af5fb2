import type { KubeObject } from '../kube-object.ts';
import type { Conversion } from './resources.ts';

/** Names of a field in core/v1 (which is stored) and in events.k8s.io/v1. */
const RENAMED: readonly (readonly [core: string, current: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
];

const TO_CURRENT = new Map(RENAMED);
const TO_CORE = new Map(RENAMED.map(([core, current]) => [current, core]));

/** Events are one resource in two groups. */
export const EVENT_VERSIONS: Conversion = {
  fromStored: (object) => ({ ...renamed(object, TO_CURRENT), apiVersion: 'events.k8s.io/v1' }),
  toStored: (object) => ({ ...renamed(object, TO_CORE), apiVersion: 'v1' }),
};

function renamed(object: KubeObject, names: ReadonlyMap<string, string>): KubeObject {
  const entries = Object.entries(object).map(([field, value]) => [names.get(field) ?? field, value]);
  return Object.fromEntries(entries) as KubeObject;
}
