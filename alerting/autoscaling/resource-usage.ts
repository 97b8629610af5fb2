import type { Logger } from 'pino';
import { type Clock, SYSTEM_CLOCK } from '../../clock/clock.ts';
import type { SampleReader } from '../sample-reader.ts';
import { type Bound, explainUsage, findUsage, type Wanted } from './container-usage.ts';
import { type LabelSelector, selectorText } from './label-selector.ts';
import { MetricsError } from './metrics-error.ts';
import type { ContainerUsage, NodeUsage, PodUsage, UsageProvider } from './metrics-provider.ts';
import type { KnownObject, KnownPod, ObjectDirectory } from './object-directory.ts';
import type { MetricRead } from './served-metric.ts';
import { type UsageKind, UsageReading } from './usage-reading.ts';

export interface ResourceUsageOptions {
  readonly directory: ObjectDirectory;
  readonly read: SampleReader;
  /** The value of the label `cluster` of its series; '' for those without. Others do not count. */
  readonly cluster: string;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Milliseconds between two readings. Default 15 s. */
  readonly interval?: number;
  /** Milliseconds that a sample may be old when it is asked for. Default 90 s. */
  readonly freshness?: number;
  /** Milliseconds for which reading goes on after the last request. Default 10 min. */
  readonly interest?: number;
  /** Called when `reads` has changed. */
  onReads?(): void;
}

/** What runs for longer than this has two points, or something is wrong. Milliseconds. */
const YOUNG = 60_000;
/** Pods of which was told lately that they are missing. */
const MAX_TOLD = 1_000;

/** How objects of one kind are answered for. */
interface Answers<Known extends KnownObject, Usage> {
  readonly kind: UsageKind;
  usageOf(object: Known, bound: Bound): Usage | undefined;
  /** Of what its use is the sum; [] for what has none, because it does not run. */
  partsOf(object: Known): readonly Wanted[];
}

interface Question<Known> {
  /** For messages. */
  readonly what: string;
  /** What is asked for, as it is now. Throws a MetricsError. */
  known(): readonly Known[];
  readonly signal: AbortSignal;
}

/**
 * metrics.k8s.io from samples that are collected anyway. They are read for all pods together, once per interval while somebody is
 * interested, and requests are answered from memory. A pod is served when all of its containers that run have both CPU and memory, none
 * older than the bound when it is asked for: of a pod that is missing an autoscaler assumes what changes least, but a part it takes for the whole.
 *
 * Where metrics-server does otherwise: it takes the kubelet's word for which containers there are, here the API server's counts, so a pod
 * of which one is missing on the page is missing too; what it read once it serves until its next round of reading, here samples
 * grow old; and where nothing can be read, it answers an empty list, here that is an error.
 */
export class ResourceUsage implements UsageProvider {
  readonly #directory: ObjectDirectory;
  readonly #reading: UsageReading;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #freshness: number;
  readonly #interest: number;
  readonly #pods: Answers<KnownPod, PodUsage>;
  readonly #nodes: Answers<KnownObject, NodeUsage>;
  readonly #told = new Map<string, number>();

  constructor(options: ResourceUsageOptions) {
    const { directory, clock = SYSTEM_CLOCK, interval = 15_000, freshness = 90_000, interest = 600_000 } = options;
    this.#directory = directory;
    this.#clock = clock;
    this.#logger = options.logger;
    this.#freshness = freshness;
    this.#interest = interest;
    const { read, cluster, logger } = options;
    const onReads = (): void => options.onReads?.();
    this.#reading = new UsageReading({ read, cluster, clock, logger, interval, freshness, interest, onReads });
    const { containers, nodes } = this.#reading;
    this.#pods = {
      kind: containers,
      usageOf: (pod, bound) => podUsage(pod, containers, bound),
      partsOf: containersOf,
    };
    this.#nodes = {
      kind: nodes,
      usageOf: (node, bound) => nodeUsage(node, nodes, bound),
      partsOf: (node) => [machineOf(node)],
    };
  }

  /** Says whether `who` wants it to be read all the time, as autoscalers on CPU or memory do. */
  want(who: string, isWanted: boolean): void {
    this.#reading.want(who, isWanted);
  }

  /** What is read, and how far back; nothing while nobody is interested. It pays to have that in memory. */
  reads(): readonly MetricRead[] {
    return this.#reading.reads();
  }

  /** Ends reading. */
  close(): void {
    this.#reading.close();
  }

  pods(namespace: string, selector: LabelSelector, signal: AbortSignal): Promise<readonly PodUsage[]> {
    const what = `pod${namespace === '' ? '' : ` in namespace ${namespace}`}${whichMatch(selector)}`;
    return this.#answer(this.#pods, { what, known: () => this.#directory.pods(namespace, selector), signal });
  }

  async pod(namespace: string, name: string, signal: AbortSignal): Promise<PodUsage> {
    const known = (): readonly KnownPod[] => [found(this.#directory.pod(namespace, name), podName(namespace, name))];
    const [usage] = await this.#answer(this.#pods, { what: podName(namespace, name), known, signal });
    return usage!;
  }

  nodes(selector: LabelSelector, signal: AbortSignal): Promise<readonly NodeUsage[]> {
    const known = (): readonly KnownObject[] => this.#directory.select('nodes', '', selector);
    return this.#answer(this.#nodes, { what: `node${whichMatch(selector)}`, known, signal });
  }

  async node(name: string, signal: AbortSignal): Promise<NodeUsage> {
    const known = (): readonly KnownObject[] => [found(this.#directory.get('nodes', '', name), `node ${name}`)];
    const [usage] = await this.#answer(this.#nodes, { what: `node ${name}`, known, signal });
    return usage!;
  }

  explainPod(namespace: string, name: string): readonly string[] {
    const pod = this.#directory.pod(namespace, name);
    return pod === undefined ? [`there is no ${podName(namespace, name)}`] : this.#explain(this.#pods, pod);
  }

  explainNode(name: string): readonly string[] {
    const node = this.#directory.get('nodes', '', name);
    return node === undefined ? [`there is no node ${name}`] : this.#explain(this.#nodes, node);
  }

  async #answer<Known extends KnownObject, Usage>(
    answers: Answers<Known, Usage>,
    { what, known, signal }: Question<Known>,
  ): Promise<readonly Usage[]> {
    signal.throwIfAborted();
    let objects = known();
    // What is not there is no reason to read.
    if (objects.length === 0) return [];
    if (await this.#reading.current(signal)) objects = known();
    let { usages, missing } = this.#serve(answers, objects);
    const isKnown = this.#reading.doubt === undefined;
    if (missing.length > 0 && isKnown && (await this.#readMore(answers, missing, signal))) {
      objects = known();
      ({ usages, missing } = this.#serve(answers, objects));
    }
    const { doubt } = this.#reading;
    if (doubt !== undefined && missing.length > 0) {
      throw new MetricsError('unavailable', `the use of ${what} cannot be known now: ${doubt}`);
    }
    for (const object of missing) this.#tell(answers, object);
    if (usages.length === 0 && objects.length > 0) throw this.#noValue(answers, what, objects);
    return usages;
  }

  /** `missing` are those that run and have no use that may be served. */
  #serve<Known extends KnownObject, Usage>(
    { usageOf, partsOf }: Answers<Known, Usage>,
    objects: readonly Known[],
  ): { usages: Usage[]; missing: Known[] } {
    const bound = this.#bound();
    const usages: Usage[] = [];
    const missing: Known[] = [];
    for (const object of objects) {
      const usage = usageOf(object, bound);
      if (usage !== undefined) usages.push(usage);
      else if (partsOf(object).length > 0) missing.push(object);
    }
    return { usages, missing };
  }

  /** What is missing and young may have come since it was read last; the other source may have what is older. False when nothing was read. */
  async #readMore<Known extends KnownObject>(
    { kind, partsOf }: Answers<Known, unknown>,
    missing: readonly Known[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const { now } = this.#bound();
    const isYoung = (object: Known): boolean => now - startOf(object, partsOf(object)) <= YOUNG;
    const young = missing.filter(isYoung).length;
    const isWider = (young < missing.length || kind.tables[0].size === 0) && this.#reading.widen(kind);
    return (isWider || young > 0) && this.#reading.again(signal);
  }

  #noValue<Known extends KnownObject, Usage>(
    answers: Answers<Known, Usage>,
    what: string,
    objects: readonly Known[],
  ): MetricsError {
    const running = objects.find((object) => answers.partsOf(object).length > 0);
    if (running === undefined) return new MetricsError('noValue', `no container of ${what} runs`);
    const others = objects.length > 1 ? `, the first of ${objects.length}` : '';
    const why = this.#lacking(answers, running).join('; ');
    return new MetricsError('noValue', `there is no use of CPU and memory of ${what}${others}: ${why}`);
  }

  /** What is missing in all parts that lack something. */
  #lacking<Known extends KnownObject>({ kind, partsOf }: Answers<Known, unknown>, object: Known): string[] {
    const bound = this.#bound();
    return partsOf(object)
      .filter((part) => findUsage(kind.tables, part, bound) === undefined)
      .map((part) => {
        const name = part.container === '' ? part.owner : `${part.owner}, container ${part.container}`;
        return `${name}: ${explainUsage(kind.tables, part, bound).join(', and ')}`;
      });
  }

  #explain<Known extends KnownObject, Usage>(answers: Answers<Known, Usage>, object: Known): string[] {
    const bound = this.#bound();
    const parts = answers.partsOf(object);
    const isServed = answers.usageOf(object, bound) !== undefined;
    const { age, doubt } = this.#reading;
    return [
      isServed ? 'it is served' : 'it is not served',
      ...(parts.length === 0 ? ['none of its containers runs'] : []),
      ...parts.flatMap((part) => {
        const name = part.container === '' ? '' : `container ${part.container}: `;
        return explainUsage(answers.kind.tables, part, bound).map((line) => `${name}${line}`);
      }),
      age === Number.POSITIVE_INFINITY
        ? 'nothing has been read: nobody has asked lately'
        : `samples were read ${Math.round(age / 1000)} s ago`,
      ...(doubt === undefined ? [] : [doubt]),
    ];
  }

  /** A line in the log for what has been running for long enough and is missing, once for as long as interest lasts. */
  #tell<Known extends KnownObject>(answers: Answers<Known, unknown>, object: Known): void {
    const { now } = this.#bound();
    const key = `${object.namespace}/${object.name}`;
    if (now - startOf(object, answers.partsOf(object)) <= YOUNG) return;
    if (now - (this.#told.get(key) ?? Number.NEGATIVE_INFINITY) < this.#interest) return;
    if (this.#told.size >= MAX_TOLD) this.#told.clear();
    this.#told.set(key, now);
    this.#logger.info(`an object is left out of metrics.k8s.io: ${this.#lacking(answers, object).join('; ')}`);
  }

  #bound(): Bound {
    return { now: this.#clock.now(), freshness: this.#freshness };
  }
}

function podUsage(pod: KnownPod, { tables }: UsageKind, bound: Bound): PodUsage | undefined {
  const { namespace, name, labels, created } = pod;
  const containers: ContainerUsage[] = [];
  let timestamp = Number.POSITIVE_INFINITY;
  let window = 0;
  for (const wanted of containersOf(pod)) {
    const usage = findUsage(tables, wanted, bound);
    if (usage === undefined) return undefined;
    containers.push({ name: wanted.container, cpu: usage.cpu, memory: usage.memory });
    if (usage.timestamp >= timestamp) continue;
    timestamp = usage.timestamp;
    window = usage.window;
  }
  // Without a container a sum would be zero.
  return containers.length === 0 ? undefined : { namespace, name, labels, created, timestamp, window, containers };
}

function nodeUsage(node: KnownObject, { tables }: UsageKind, bound: Bound): NodeUsage | undefined {
  const usage = findUsage(tables, machineOf(node), bound);
  const { name, labels, created } = node;
  return usage && { name, labels, created, ...usage };
}

function containersOf({ namespace, name, running, containers }: KnownPod): readonly Wanted[] {
  const owner = `${namespace}/${name}`;
  return running.map((container, index) => ({ owner, container, running: containers?.[index] }));
}

function machineOf({ name }: KnownObject): Wanted {
  return { owner: name, container: '', running: undefined };
}

/** When the last of its parts was started, as far as that is known. */
function startOf({ created }: KnownObject, parts: readonly Wanted[]): number {
  return parts.reduce((latest, { running }) => {
    const started = running?.started ?? Number.NaN;
    return Number.isNaN(started) ? latest : Math.max(latest, started);
  }, created);
}

function found<T>(object: T | undefined, what: string): T {
  if (object === undefined) throw new MetricsError('unknownObject', `there is no ${what}`);
  return object;
}

function podName(namespace: string, name: string): string {
  return `pod ${name} in namespace ${namespace}`;
}

function whichMatch(selector: LabelSelector): string {
  return selector.length === 0 ? '' : ` matching ${selectorText(selector)}`;
}
