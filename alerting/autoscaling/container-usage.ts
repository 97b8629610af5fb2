import { FELL, GAP, MAX_DISTANCE, NO_NUMBER, NO_SAMPLE, ONE_POINT, RATE, STANDS_STILL } from './cpu-rate.ts';
import type { RunningContainer } from './object-directory.ts';
import { NO_PLACE, type UsagePlace, type UsageTable } from './usage-table.ts';

/** A container, or a node, whose use is looked for. */
export interface Wanted {
  /** `namespace/pod`, or a node's name. */
  readonly owner: string;
  /** '' for a node. */
  readonly container: string;
  readonly running: RunningContainer | undefined;
}

export interface FoundUsage {
  readonly cpu: number;
  readonly memory: number;
  /** Of the older of both samples. Unix milliseconds. */
  readonly timestamp: number;
  /** Milliseconds. */
  readonly window: number;
}

/** When usage counts. Milliseconds. */
export interface Bound {
  readonly now: number;
  readonly freshness: number;
}

/**
 * The use of a container by the first of the sources that knows it well enough: both CPU and memory, none older than the bound, both of
 * the container that runs now.
 */
export function findUsage(tables: readonly UsageTable[], wanted: Wanted, bound: Bound): FoundUsage | undefined {
  for (const table of tables) {
    const place = pick(table, wanted);
    if (place === NO_PLACE || lack(table, { place, wanted, bound }) !== undefined) continue;
    return {
      cpu: table.cpu[place]!,
      memory: table.memory[place]!,
      timestamp: Math.min(table.cpuAt[place]!, table.memoryAt[place]!),
      window: table.window[place]!,
    };
  }
  return undefined;
}

/** What each source has of it, or lacks: a line for each. */
export function explainUsage(tables: readonly UsageTable[], wanted: Wanted, bound: Bound): string[] {
  return tables.map((table) => {
    const place = pick(table, wanted);
    const { name, cpu, memory } = table.source;
    if (place === NO_PLACE) return `${name} has no series ${cpu} or ${memory} of it`;
    const lacking = lack(table, { place, wanted, bound });
    if (lacking !== undefined) return `${name}: ${lacking()}`;
    const at = Math.min(table.cpuAt[place]!, table.memoryAt[place]!);
    const window = seconds(table.window[place]!);
    return `${name}: ${table.cpu[place]} cores over ${window}, ${table.memory[place]} bytes, ${seconds(bound.now - at)} old`;
  });
}

/**
 * The place of the container that runs: by its id where the series tell it. cAdvisor shows for a while what has ended, with a counter
 * that stands still, and that must not pass for an idle container. Without ids the newest counts, of two that are equally new the one that
 * began later.
 */
function pick(table: UsageTable, { owner, container, running }: Wanted): UsagePlace {
  const id = running?.id ?? '';
  let best = NO_PLACE;
  for (let place = table.first(owner); place !== NO_PLACE; place = table.next[place]!) {
    const other = table.owner(place);
    if (other.container !== container) continue;
    const isNamed = other.cgroup !== '' || other.runtimeName !== '';
    if (id !== '' && isNamed && !other.cgroup.includes(id) && other.runtimeName !== id) continue;
    if (best === NO_PLACE || isNewer(table, place, best)) best = place;
  }
  return best;
}

function isNewer(table: UsageTable, place: UsagePlace, than: UsagePlace): boolean {
  const newest = newestOf(table, place);
  const other = newestOf(table, than);
  return newest > other || (newest === other && table.window[place]! < table.window[than]!);
}

function newestOf({ cpuAt, memoryAt }: UsageTable, place: UsagePlace): number {
  const newest = Math.max(cpuAt[place]!, memoryAt[place]!);
  return Number.isNaN(newest) ? Number.NEGATIVE_INFINITY : newest;
}

/** Why it is not to be served. */
function lack(
  table: UsageTable,
  {
    place,
    wanted,
    bound: { now, freshness },
  }: { readonly place: UsagePlace; readonly wanted: Wanted; readonly bound: Bound },
): (() => string) | undefined {
  const cpuAt = table.cpuAt[place]!;
  const memoryAt = table.memoryAt[place]!;
  const memory = table.memory[place]!;
  const { cpu: cpuMetric, memory: memoryMetric, isTimed } = table.source;
  const started = isTimed ? (wanted.running?.started ?? Number.NaN) : Number.NaN;
  const old = (what: string, at: number) => () =>
    `the newest sample of ${what} is ${seconds(now - at)} old, and none of more than ${seconds(freshness)} is served`;
  const reason = table.reasonOf(place);
  if (Number.isNaN(cpuAt)) return () => `there is no sample of ${cpuMetric}`;
  if (now - cpuAt > freshness) return old(cpuMetric, cpuAt);
  if (reason !== RATE) {
    return () => `${cpuMetric} has no rate: ${WHY[reason]} (last sample ${seconds(now - cpuAt)} old)`;
  }
  if (Number.isNaN(memoryAt)) return () => `there is no sample of ${memoryMetric}`;
  if (now - memoryAt > freshness) return old(memoryMetric, memoryAt);
  // Nothing runs without memory: it has not been measured. metrics-server leaves such a pod out too.
  if (!(memory > 0 && memory < Number.POSITIVE_INFINITY)) return () => `${memoryMetric} is ${memory}`;
  if (cpuAt - table.window[place]! < started || memoryAt < started) {
    const ago = seconds(now - started);
    return () => `it was started ${ago} ago, and there are not yet two points since`;
  }
  return undefined;
}

const WHY = {
  [RATE]: 'it has one',
  [NO_SAMPLE]: 'there is no sample',
  [ONE_POINT]: 'there is only one point yet',
  [FELL]: 'the counter fell, so it began anew, and there is only one point since',
  [GAP]: `the last two points are more than ${MAX_DISTANCE / 1000} s apart`,
  [NO_NUMBER]: 'it has not been measured yet',
  [STANDS_STILL]: 'it stands still for less time than kubelets may take to look again',
} as const;

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 100) / 10} s`;
}
