import { nodePath, podPath, workloadPath } from '../../app/object-paths.ts';
import { plural } from '../../app/plural.ts';

export type ChangeKind = 'alert' | 'rollout' | 'scaling' | 'node' | 'warning';

/** Something that happened, or several of the same kind taken together. */
export interface Change {
  readonly key: string;
  readonly kind: ChangeKind;
  readonly level: 'serious' | 'warning' | 'neutral' | 'good';
  /** Unix milliseconds, of the newest. */
  readonly time: number;
  readonly title: string;
  readonly detail: string;
  /** How often it happened. */
  readonly count: number;
  /** The objects, by name: the first few, and how many there are. */
  readonly objects: readonly { readonly name: string; readonly path: string | undefined }[];
  readonly objectCount: number;
}

/** An event of Kubernetes, as /api/v1/kubernetes/events has it. */
export interface ClusterEvent {
  readonly time: string;
  readonly cluster: string;
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  readonly reason: string;
  readonly type: string;
  readonly message: string;
  readonly count: number;
}

/** A change of an alert's state, as /api/v1/alerts/history has it. */
export interface AlertTransition {
  readonly time: string;
  readonly fingerprint: string;
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly firedAt: string | null;
}

/** Reasons of events of type Normal that are changes. Those of nodes all are. */
export const CHANGE_REASONS: readonly string[] = ['ScalingReplicaSet', 'SuccessfulRescale'];

const NAMED = 3;
const MOST_SIZES = 8;
/** Milliseconds between a decision and what follows from it. */
const AT_ONCE = 5_000;
const WORKLOADS = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'ReplicaSet']);
const BAD_NODE = /NotReady|Pressure|Unreachable|Removing|Deleting|Evict|Rebooted|Invalid|Failed/;
/** What goes well does not contain what goes badly: `NodeHasNoDiskPressure`. */
const GOOD_NODE = /HasNo|HasSufficient/;

/** The changes that events tell of, the newest first. Events of one reason in one namespace are one change. */
export function changesOfEvents(events: readonly ClusterEvent[]): readonly Change[] {
  const rollouts = gather(
    events.filter(({ reason }) => reason === 'ScalingReplicaSet'),
    ({ cluster, namespace, name }) => [cluster, namespace, name],
  ).flatMap(([key, group]) => rollout(key, group));
  const decided = events.filter(({ reason }) => reason === 'SuccessfulRescale');
  const scalings = gather(decided, ({ cluster, namespace, name }) => [cluster, namespace, name]).map(([key, group]) =>
    scaling(key, group),
  );
  const others = gather(
    events.filter(
      ({ kind, reason, type }) => !CHANGE_REASONS.includes(reason) && (kind === 'Node' || type === 'Warning'),
    ),
    ({ cluster, namespace, kind, reason }) => [cluster, namespace, kind, reason],
  ).map(([key, group]) => other(key, group));
  const told = rollouts.filter((change) => change.kind === 'rollout' || !decided.some((one) => isSame(one, change)));
  return newestFirst([...told, ...scalings, ...others]);
}

/** The changes that the history of alerts tells of. What was pending and never fired is none. */
export function changesOfAlerts(transitions: readonly AlertTransition[]): readonly Change[] {
  const told = transitions.filter(
    ({ state, firedAt }) => state === 'firing' || (state === 'inactive' && firedAt !== null),
  );
  return newestFirst(
    gather(told, ({ labels, state }) => [labels.alertname ?? '', state]).map(([key, group]): Change => {
      const { labels, annotations, state, time } = group[0]!;
      const hasEnded = state === 'inactive';
      const level = labels.severity === 'warning' || labels.severity === 'warn' ? 'warning' : 'serious';
      return {
        key: `alert ${key}`,
        kind: 'alert',
        level: hasEnded ? 'good' : level,
        time: Date.parse(time),
        title: `${labels.alertname ?? 'Alert'} ${hasEnded ? 'ended' : 'fired'}`,
        detail: annotations.summary ?? annotations.description ?? '',
        count: group.length,
        ...named(
          group.map((one) => ({
            name: alertObject(one.labels),
            path: `/alerts/${encodeURIComponent(one.fingerprint)}`,
          })),
        ),
      };
    }),
  );
}

/** The object that an alert is about, as far as its labels say. */
export function alertObject(labels: Readonly<Record<string, string>>): string {
  const { namespace, node, service, workload_name: workload, pod, container, instance } = labels;
  const object = pod ?? workload ?? service ?? labels.persistentvolumeclaim ?? node ?? instance ?? labels.cluster ?? '';
  const inside = namespace !== undefined && object !== node && object !== instance ? `${namespace}/` : '';
  return `${inside}${object}${container !== undefined && pod !== undefined ? ` (${container})` : ''}`;
}

/** Several lists of changes as one, the newest first. */
export function newestFirst(changes: readonly Change[]): readonly Change[] {
  return changes.toSorted((a, b) => b.time - a.time || a.key.localeCompare(b.key));
}

/** Whether an autoscaler's decision is why a Deployment, which may have another name, changed in size. */
function isSame({ namespace, time }: ClusterEvent, { objects, time: changed }: Change): boolean {
  return objects[0]!.name.startsWith(`${namespace}/`) && Math.abs(Date.parse(time) - changed) <= AT_ONCE;
}

/** More than one replica set says that one took the other's place; otherwise its size was changed, which the autoscaler tells better. */
function rollout(key: string, group: readonly ClusterEvent[]): readonly Change[] {
  const steps = group.map(({ message }) =>
    /^Scaled (up|down) replica set (\S+) (?:from (\d+) )?to (\d+)/.exec(message),
  );
  const sets = new Set(steps.flatMap((step) => step?.[2] ?? []));
  const { cluster, namespace, name, time, message } = group[0]!;
  const path = workloadPath('Deployment', { cluster, namespace, name });
  const common = {
    time: Date.parse(time),
    level: 'neutral',
    ...named([{ name: `${namespace}/${name}`, path }]),
  } as const;
  if (sets.size > 1) {
    const newest = steps.find((step) => step?.[1] === 'up')?.[2];
    const detail = newest === undefined ? message : `to replica set ${newest}`;
    return [{ key: `rollout ${key}`, kind: 'rollout', title: 'Rolled out', detail, count: 1, ...common }];
  }
  const told = resized(steps.toReversed().map((step) => ({ from: step?.[3], to: step?.[4] })));
  const { title, detail } = told ?? { title: 'Scaled', detail: message };
  return [{ key: `size ${key}`, kind: 'scaling', title, detail, count: group.length, ...common }];
}

/** How many pods there were and are, after steps, the oldest first; and by which way, when it is not straight. Undefined where a step does not tell. */
function resized(
  steps: readonly { readonly from: string | undefined; readonly to: string | undefined }[],
): Pick<Change, 'title' | 'detail'> | undefined {
  const from = steps[0]?.from;
  const to = steps.at(-1)?.to;
  if (to === undefined || steps.some((step) => step.to === undefined)) return undefined;
  const sizes = [...(from === undefined ? [] : [from]), ...steps.map((step) => step.to)];
  const pods = plural(Number(to), 'pod');
  return {
    title: from === undefined || from === to ? `Scaled to ${pods}` : `Scaled from ${from} to ${pods}`,
    detail: steps.length === 1 ? '' : sizes.slice(-MOST_SIZES).join(' → '),
  };
}

function scaling(key: string, group: readonly ClusterEvent[]): Change {
  const { cluster, namespace, name, time, message } = group[0]!;
  const [, size, reason] = /^New size: (\d+); reason: (.*)$/s.exec(message) ?? [];
  return {
    key: `scaling ${key}`,
    kind: 'scaling',
    level: 'neutral',
    time: Date.parse(time),
    title: size === undefined ? 'Autoscaler decided' : `Autoscaler set ${plural(Number(size), 'pod')}`,
    detail: reason ?? message,
    count: group.length,
    ...named([
      {
        name: `${namespace}/${name}`,
        path: `/autoscaling?filter=${encodeURIComponent(name)}&hpa=${encodeURIComponent(`${cluster}/${namespace}/${name}`)}`,
      },
    ]),
  };
}

function other(key: string, group: readonly ClusterEvent[]): Change {
  const { kind, reason, type, message, time } = group[0]!;
  const isNode = kind === 'Node';
  const isBad = type === 'Warning' || (BAD_NODE.test(reason) && !GOOD_NODE.test(reason));
  return {
    key: `event ${key}`,
    kind: isNode ? 'node' : 'warning',
    level: isBad ? 'warning' : isNode && /Ready|HasNo|HasSufficient/.test(reason) ? 'good' : 'neutral',
    time: Date.parse(time),
    title: reason,
    detail: message,
    count: group.reduce((sum, { count }) => sum + Math.max(1, count), 0),
    ...named(group.map((event) => ({ name: eventObject(event), path: eventPath(event) }))),
  };
}

function eventObject({ namespace, name }: ClusterEvent): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}

/** The page of an event's object; undefined for what has none. */
export function eventPath({ cluster, namespace, kind, name }: ClusterEvent): string | undefined {
  if (kind === 'Node') return nodePath(cluster, name);
  if (kind === 'Pod') return podPath({ cluster, namespace, name });
  if (kind === 'HorizontalPodAutoscaler') return `/autoscaling?filter=${encodeURIComponent(name)}`;
  return WORKLOADS.has(kind) ? workloadPath(kind, { cluster, namespace, name }) : undefined;
}

function named(all: Change['objects']): Pick<Change, 'objects' | 'objectCount'> {
  const distinct = [...new Map(all.map((object) => [object.name, object])).values()];
  return { objects: distinct.slice(0, NAMED), objectCount: distinct.length };
}

/** Groups in the order of their first; what comes in newest first stays so. */
function gather<T>(
  all: readonly T[],
  keyOf: (one: T) => readonly string[],
): readonly (readonly [string, readonly T[]])[] {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const key = JSON.stringify(keyOf(one));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups];
}
