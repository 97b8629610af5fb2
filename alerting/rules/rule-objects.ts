import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import type { RuleGroup } from './rule.ts';
import { parseRuleFile } from './rule-file.ts';

/** A PrometheusRule as it is, as far as it is needed here. An object that has not changed is the same object as before. */
export interface RuleObject {
  readonly namespace: string;
  readonly name: string;
  /** What stands in `spec.groups`. */
  readonly groups: unknown;
}

/** What has become of a PrometheusRule. */
export interface RuleObjectStatus {
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
  /** `kept`: it is wrong now, and evaluated as it was when it was right last. `refused`: it has not been right yet. */
  readonly state: 'active' | 'kept' | 'refused';
  /** The groups that are evaluated. */
  readonly groups: number;
  /** What is wrong with it, a problem per line, each with its field; '' when it is active. */
  readonly problem: string;
}

export interface RuleObjectsOptions {
  /** PromQL's feature flags. Default: none. */
  readonly features?: ReadonlySet<string>;
  readonly logger: Logger;
  readonly registry: Registry;
  /** Is told when `groups()` gives something else. Must not throw. */
  readonly onChange: () => void;
}

interface Known {
  readonly object: RuleObject;
  readonly status: RuleObjectStatus;
  readonly groups: readonly RuleGroup[];
}

const STATES = ['active', 'kept', 'refused'] as const;

/**
 * The rules of the PrometheusRules of all monitored clusters. Each object is checked by itself: one that is wrong does not
 * keep others from being evaluated, and does not end its own alerts when it was right before. Its groups have the file
 * name `cluster/namespace/name`. Groups of objects that have not changed are the same objects as before.
 */
export class RuleObjects {
  readonly #options: RuleObjectsOptions;
  readonly #clusters = new Map<string, ReadonlyMap<string, Known>>();

  constructor(options: RuleObjectsOptions) {
    this.#options = options;
    const clusters = this.#clusters;
    new Gauge({
      name: 'pharos_rule_objects',
      help: 'PrometheusRules by what has become of them: kept are those that are wrong and evaluated as they were before.',
      labelNames: ['cluster', 'state'],
      registers: [options.registry],
      collect() {
        this.reset();
        for (const [cluster, known] of clusters) {
          for (const state of STATES) this.set({ cluster, state }, 0);
          for (const { status } of known.values()) this.inc({ cluster, state: status.state });
        }
      },
    });
  }

  /** Makes these all objects of a cluster; '' is the name of a cluster without one. */
  update(cluster: string, objects: readonly RuleObject[]): void {
    const before = this.#clusters.get(cluster) ?? new Map<string, Known>();
    const after = new Map<string, Known>();
    for (const object of objects) {
      const key = `${object.namespace}/${object.name}`;
      const known = before.get(key);
      after.set(key, known?.object === object ? known : this.#read(cluster, object, known));
    }
    this.#clusters.set(cluster, after);
    this.#tell([...before.values()], [...after.values()]);
  }

  /** Forgets a cluster that is no longer monitored. */
  remove(cluster: string): void {
    const before = this.#clusters.get(cluster);
    if (!this.#clusters.delete(cluster)) return;
    this.#tell([...before!.values()], []);
  }

  groups(): readonly RuleGroup[] {
    return this.#all().flatMap(({ groups }) => groups);
  }

  status(): readonly RuleObjectStatus[] {
    return this.#all().map(({ status }) => status);
  }

  #all(): Known[] {
    const names = [...this.#clusters.keys()].sort();
    return names.flatMap((name) => [...this.#clusters.get(name)!.values()]);
  }

  #tell(before: readonly Known[], after: readonly Known[]): void {
    const groups = (all: readonly Known[]): readonly RuleGroup[] => all.flatMap((known) => known.groups);
    const [old, now] = [groups(before), groups(after)];
    if (old.length !== now.length || old.some((group, i) => group !== now[i])) this.#options.onChange();
  }

  #read(cluster: string, object: RuleObject, before: Known | undefined): Known {
    const { namespace, name } = object;
    const file = `${cluster}/${namespace}/${name}`;
    const { groups, problem } = this.#parse(file, object);
    const about = { cluster, namespace, name };
    if (problem === '') {
      return { object, groups, status: { ...about, state: 'active', groups: groups.length, problem } };
    }
    const kept = before?.groups ?? [];
    const state = before === undefined || before.status.state === 'refused' ? 'refused' : 'kept';
    this.#options.logger.warn({ ...about, state, problem }, `PrometheusRule ${namespace}/${name} is wrong: ${state}`);
    return { object, groups: kept, status: { ...about, state, groups: kept.length, problem } };
  }

  #parse(file: string, { groups: written }: RuleObject): { groups: readonly RuleGroup[]; problem: string } {
    const { features = new Set<string>() } = this.#options;
    try {
      const spec = written === undefined ? {} : { groups: written };
      const text = JSON.stringify({ apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule', spec });
      const { groups, problems } = parseRuleFile(file, text, { features });
      return { groups, problem: problems.map(({ field, message }) => `${field}: ${message}`).join('\n') };
    } catch (error) {
      return { groups: [], problem: error instanceof Error ? error.message : String(error) };
    }
  }
}
