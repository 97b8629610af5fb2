import pino from 'pino';
import { Registry } from 'prom-client';
import { Labels } from '../../../storage/labels.ts';
import { SteppedClock } from '../../stepped-clock.case.ts';
import { EVERYTHING, isSelected, type LabelSelector } from '../label-selector.ts';
import { MetricsError } from '../metrics-error.ts';
import type { ExternalQuestion, ExternalValue, ObjectQuestion, ObjectValue } from '../metrics-provider.ts';
import type { KnownObject, KnownPod, ObjectDirectory } from '../object-directory.ts';
import type { Evaluation, EvaluationRequest, ServedMetric } from '../served-metric.ts';
import { Answers, type AnswersOptions } from './answers.ts';

/** A directory of what a test puts in. */
export class ListedObjects implements ObjectDirectory {
  isListed = true;
  readonly objects = new Map<string, KnownPod[]>([['pods', []]]);

  add(resource: string, object: Partial<KnownPod> & { readonly name: string }): void {
    const all = this.objects.get(resource) ?? [];
    all.push({ namespace: 'web', labels: {}, created: 0, node: '', running: [], ...object });
    this.objects.set(resource, all);
  }

  remove(resource: string, name: string): void {
    this.objects.set(
      resource,
      this.objects.get(resource)!.filter((object) => object.name !== name),
    );
  }

  knows(resource: string): boolean {
    return this.objects.has(resource);
  }

  select(resource: string, namespace: string, selector: LabelSelector): readonly KnownObject[] {
    return this.#all(resource).filter(
      (object) =>
        (namespace === '' || object.namespace === namespace) && isSelected(selector, (key) => object.labels[key]),
    );
  }

  get(resource: string, namespace: string, name: string): KnownObject | undefined {
    return this.#all(resource).find((object) => object.namespace === namespace && object.name === name);
  }

  pods(namespace: string, selector: LabelSelector): readonly KnownPod[] {
    return this.select('pods', namespace, selector) as readonly KnownPod[];
  }

  pod(namespace: string, name: string): KnownPod | undefined {
    return this.get('pods', namespace, name) as KnownPod | undefined;
  }

  #all(resource: string): readonly KnownPod[] {
    if (!this.isListed)
      throw new MetricsError('unavailable', `the ${resource} of the cluster have not been listed yet`);
    const all = this.objects.get(resource);
    if (all === undefined) throw new MetricsError('unknownMetric', `${resource} are not watched`);
    return all;
  }
}

/** One row of a metric of a test. */
export interface MadeUpRow {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly timestamp: number;
  readonly doubt?: string;
}

/** A metric whose rows a test sets. Labels that stay the same are the same array. */
export class MadeUpMetric implements ServedMetric {
  readonly name: string;
  readonly api: 'custom' | 'external' = 'custom';
  readonly resources: readonly string[] = ['pods'];
  readonly window: number = 60_000;
  readonly freshness: number = 90_000;
  readonly hold: number = 0;
  readonly namespace: string | undefined = undefined;
  readonly selectsInside: boolean = false;
  readonly newestCounts: boolean = false;
  readonly origin: string = 'a test';
  rows: readonly MadeUpRow[] = [];
  /** Is thrown, or waited for, by evaluations. */
  failure: Error | undefined;
  gate: Promise<void> | undefined;
  readonly requests: EvaluationRequest[] = [];
  #labels: readonly Labels[] = [];
  #key = '[]';

  constructor(name: string, options: Partial<ServedMetric> = {}) {
    this.name = name;
    Object.assign(this, options);
  }

  objectOf(labels: Labels, resource: string): { namespace: string; name: string } | undefined {
    const name = labels.get(resource.replace(/s(\..*)?$/, ''));
    return name === '' ? undefined : { namespace: labels.get('namespace'), name };
  }

  async evaluate(request: EvaluationRequest): Promise<Evaluation> {
    this.requests.push(request);
    const { rows } = this;
    await this.gate;
    if (this.failure !== undefined) throw this.failure;
    const key = JSON.stringify(rows.map(({ labels }) => labels));
    if (key !== this.#key) {
      this.#key = key;
      this.#labels = rows.map(({ labels }) => Labels.from(labels));
    }
    return {
      labels: this.#labels,
      values: Float64Array.from(rows, ({ value }) => value),
      timestamps: Float64Array.from(rows, ({ timestamp }) => timestamp),
      doubts: new Map(rows.flatMap(({ doubt }, row) => (doubt === undefined ? [] : [[row, doubt] as const]))),
    };
  }
}

/** Answers in stepped time over objects and metrics of a test. */
export class AnswersBed {
  readonly clock = new SteppedClock();
  readonly directory = new ListedObjects();
  readonly registry = new Registry();
  readonly log: { readonly level: number; readonly msg: string }[] = [];
  readonly answers: Answers;

  constructor(options: Partial<AnswersOptions> = {}) {
    const stream = { write: (line: string) => void this.log.push(JSON.parse(line)) };
    const { clock, directory, registry } = this;
    this.answers = new Answers({ directory, clock, registry, logger: pino({ level: 'debug' }, stream), ...options });
  }

  /** Adds pods, which are as old as time. */
  pods(...names: string[]): void {
    for (const name of names) this.directory.add('pods', { name, labels: { app: 'x' } });
  }

  /** Asks, and goes on by so many milliseconds so that what is waited for can happen. */
  async ask(
    question: Partial<ObjectQuestion> & { readonly metric: string },
    pass = 0,
  ): Promise<readonly ObjectValue[]> {
    const whole: ObjectQuestion = {
      resource: 'pods',
      namespace: 'web',
      name: undefined,
      selector: EVERYTHING,
      metricSelector: EVERYTHING,
      ...question,
    };
    return this.#settled(this.answers.objects(whole, new AbortController().signal), pass);
  }

  async askExternal(
    question: Partial<ExternalQuestion> & { readonly metric: string },
    pass = 0,
  ): Promise<readonly ExternalValue[]> {
    const whole = { namespace: 'web', selector: EVERYTHING, ...question };
    return this.#settled(this.answers.external(whole, new AbortController().signal), pass);
  }

  async #settled<T>(answer: Promise<T>, pass: number): Promise<T> {
    answer.catch(() => undefined);
    await this.clock.advance(pass);
    return answer;
  }
}

/** A row about a pod in the namespace web. */
export function podRow(pod: string, value: number, timestamp: number, more: Partial<MadeUpRow> = {}): MadeUpRow {
  return { value, timestamp, ...more, labels: { namespace: 'web', pod, ...more.labels } };
}

/** The error that a question is answered with, as `reason: message`. */
export async function errorOf(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
  } catch (error) {
    if (error instanceof MetricsError) return `${error.reason}: ${error.message}`;
    throw error;
  }
  throw new Error('there was no error');
}
