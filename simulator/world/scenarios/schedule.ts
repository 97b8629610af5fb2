import type { KubeObject } from '../../kube-object.ts';
import type { ControllerContext } from '../controllers/controller-context.ts';
import type { Random } from '../random.ts';
import type { Scenarios } from './scenarios.ts';

const MINUTE = 60_000;

/** Lets something happen every now and then, as the seed wants it: what a day in a cluster is like. */
export class Schedule {
  readonly #context: ControllerContext;
  readonly #scenarios: Scenarios;
  readonly #random: Random;

  constructor(
    context: ControllerContext,
    { scenarios, random }: { readonly scenarios: Scenarios; readonly random: Random },
  ) {
    this.#context = context;
    this.#scenarios = scenarios;
    this.#random = random;
    this.#next();
  }

  #next(): void {
    // Exponential: one in ten minutes.
    const wait = -Math.log(1 - this.#random.next()) * 10 * MINUTE;
    this.#context.clock.after(Math.max(20_000, wait), () => {
      try {
        this.#happen();
      } catch (error) {
        // What was chosen may not be there at the moment.
        if (!(error instanceof RangeError)) throw error;
      }
      this.#next();
    });
  }

  #happen(): void {
    const scenarios = this.#scenarios;
    const chance = this.#random.next();
    if (chance < 0.35) scenarios.rollout(this.#workload());
    else if (chance < 0.5)
      scenarios.surge(this.#workload(), {
        factor: this.#random.between(1.5, 3.5),
        duration: this.#random.between(8, 30) * MINUTE,
      });
    else if (chance < 0.62) scenarios.crashLoop(this.#workload(), { duration: this.#random.between(5, 20) * MINUTE });
    else if (chance < 0.74) scenarios.oomKill(this.#workload());
    else if (chance < 0.81) scenarios.unready(this.#workload(), { duration: this.#random.between(1, 5) * MINUTE });
    else if (chance < 0.87) scenarios.diskFilling(this.#node());
    else if (chance < 0.92) scenarios.volumeFilling(this.#claim());
    else if (chance < 0.96) scenarios.memoryPressure(this.#node());
    else scenarios.nodeFailure(this.#node(), { duration: this.#random.between(2, 9) * MINUTE });
  }

  #workload(): string {
    const { namespace, name } = this.#pick('deployments.apps', ({ metadata }) => metadata.namespace !== 'kube-system');
    return `${namespace}/Deployment/${name}`;
  }

  #node(): string {
    return this.#pick('nodes', ({ metadata }) => metadata.labels?.['node-role.kubernetes.io/worker'] !== undefined)
      .name;
  }

  #claim(): string {
    const { namespace, name } = this.#pick('persistentvolumeclaims', () => true);
    return `${namespace}/${name}`;
  }

  #pick(resource: string, accept: (object: KubeObject) => boolean): KubeObject['metadata'] {
    const objects = this.#context.store.list(resource, { sorted: true }).filter(accept);
    if (objects.length === 0) throw new RangeError(`the cluster has no ${resource}`);
    return this.#random.pick(objects).metadata;
  }
}
