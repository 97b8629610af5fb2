import { sameConfig } from '../../same-config.ts';
import type { ScrapeConfig } from '../../scrape/scrape-config.ts';
import type { OperatorObject } from '../objects.ts';
import { RESOURCES } from '../resources.ts';
import type { Conversion } from './conversion.ts';
import type { MonitorResource } from './convert-object.ts';
import type { ObjectReport, ObjectState } from './operator-status.ts';
import { type Reference, referencedObject } from './references.ts';

type Convert = (resource: MonitorResource, object: OperatorObject) => Conversion;

/** A version of the object, and what it came to last. */
interface Good {
  readonly object: OperatorObject;
  readonly references: readonly Reference[];
  readonly jobs: readonly ScrapeConfig[];
}

/**
 * One object of Prometheus Operator with the jobs that are in force for it: those of its present version, or, as long as
 * that is wrong, those of the last version that was not.
 */
export class MonitoredObject {
  readonly resource: MonitorResource;
  #object: OperatorObject;
  #conversion: Conversion;
  #good: Good | undefined;

  constructor(resource: MonitorResource, object: OperatorObject, convert: Convert) {
    this.resource = resource;
    this.#object = object;
    this.#conversion = convert(resource, object);
    this.#keepGood(convert);
  }

  get object(): OperatorObject {
    return this.#object;
  }

  /** `ServiceMonitor monitoring/web` */
  get title(): string {
    const { namespace, name } = this.#object.metadata;
    return `${RESOURCES[this.resource].kind} ${namespace}/${name}`;
  }

  /** The same list as long as nothing about it differs. */
  get jobs(): readonly ScrapeConfig[] {
    return this.#good?.jobs ?? [];
  }

  get state(): ObjectState {
    const { kind } = this.#conversion.outcome;
    if (kind === 'refused') return this.#good === undefined ? 'refused' : 'kept';
    return kind === 'pending' ? 'pending' : 'active';
  }

  /** What is wrong with it, as people are told. */
  get problem(): string | undefined {
    const { outcome } = this.#conversion;
    if (outcome.kind !== 'refused') return undefined;
    const effect = this.#good === undefined ? 'it has no jobs' : 'its last good version stays in force';
    return `${this.title}: ${outcome.problem}; ${effect}`;
  }

  /** What its present version and the one in force refer to. */
  get references(): readonly Reference[] {
    const { references } = this.#conversion;
    const good = this.#good?.references ?? [];
    return good === references ? references : [...references, ...good];
  }

  refersTo(objects: ReadonlySet<string>): boolean {
    return this.references.some((reference) => objects.has(referencedObject(reference)));
  }

  /** Takes over another version, or the same one when what it refers to has changed. */
  update(object: OperatorObject, convert: Convert): void {
    this.#object = object;
    this.#conversion = convert(this.resource, object);
    this.#keepGood(convert);
  }

  report(): ObjectReport {
    const { namespace, name } = this.#object.metadata;
    return {
      kind: RESOURCES[this.resource].kind,
      namespace,
      name,
      state: this.state,
      jobs: this.jobs.map(({ jobName }) => jobName),
      problem: this.problem,
      notes: this.#conversion.notes,
    };
  }

  #keepGood(convert: Convert): void {
    const good = this.#good;
    if (this.#conversion.outcome.kind === 'jobs') this.#take(this.#object, this.#conversion);
    // A Secret of the older version may have been rotated.
    else if (good !== undefined && good.object !== this.#object)
      this.#take(good.object, convert(this.resource, good.object));
  }

  #take(object: OperatorObject, { outcome, references }: Conversion): void {
    if (outcome.kind !== 'jobs') return;
    const before = this.#good?.jobs;
    const jobs = before !== undefined && sameConfig(before, outcome.jobs) ? before : outcome.jobs;
    this.#good = { object, references, jobs };
  }
}
