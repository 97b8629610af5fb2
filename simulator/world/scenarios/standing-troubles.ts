import type { ControllerContext } from '../controllers/controller-context.ts';
import type { Deployment } from '../objects.ts';
import type { Random } from '../random.ts';
import type { Scenarios } from './scenarios.ts';

const MINUTE = 60_000;
const FIRST = 20_000;
/** How long each lasts, and how long there is no new one of its kind. */
const LASTS = 40 * MINUTE;
const EVERY = 45 * MINUTE;

/**
 * Sees to it that something is wrong nearly all of the time, from the first minute on: one Deployment crash-loops, and another one is in a
 * rollout of an image that cannot be pulled. Each ends after 40 minutes, and begins anew elsewhere.
 */
export class StandingTroubles {
  readonly #context: ControllerContext;
  readonly #scenarios: Scenarios;
  readonly #random: Random;
  readonly #troubled = new Set<string>();

  constructor(
    context: ControllerContext,
    { scenarios, random }: { readonly scenarios: Scenarios; readonly random: Random },
  ) {
    this.#context = context;
    this.#scenarios = scenarios;
    this.#random = random;
    this.#again(FIRST, (workload) => this.#scenarios.crashLoop(workload, { duration: LASTS }));
    this.#again(3 * FIRST, (workload) => this.#breakRollout(workload));
  }

  #again(wait: number, begin: (workload: string) => void): void {
    this.#context.clock.after(wait, () => {
      const workload = this.#workload();
      if (workload !== undefined) {
        this.#troubled.add(workload);
        this.#context.clock.after(LASTS, () => this.#troubled.delete(workload));
        begin(workload);
      }
      this.#again(workload === undefined ? FIRST : EVERY, begin);
    });
  }

  #breakRollout(workload: string): void {
    this.#scenarios.rollout(workload, { broken: true });
    this.#context.clock.after(LASTS, () => {
      try {
        this.#scenarios.rollout(workload);
      } catch (error) {
        // It may have been deleted meanwhile.
        if (!(error instanceof RangeError)) throw error;
      }
    });
  }

  /** A Deployment of users that has all of its pods, and no trouble yet; undefined while there is none. */
  #workload(): string | undefined {
    const deployments = this.#context.store.list('deployments.apps', { sorted: true }) as readonly Deployment[];
    const well = deployments
      .filter(({ spec: { replicas = 1 }, status }) => replicas > 0 && status?.readyReplicas === replicas)
      .map(({ metadata: { namespace, name } }) => `${namespace}/Deployment/${name}`)
      .filter((workload) => !workload.startsWith('kube-system/') && !this.#troubled.has(workload));
    return well.length === 0 ? undefined : this.#random.pick(well);
  }
}
