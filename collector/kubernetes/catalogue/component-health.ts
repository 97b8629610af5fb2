export type Component = 'apiserver' | 'etcd' | 'scheduler' | 'controllerManager';

/** What a component's last scrape said. */
export interface Answer {
  readonly component: Component;
  /** Undefined: this says nothing of it. */
  readonly isUp: boolean | undefined;
  readonly at: number;
  /** Of etcd's database, NaN when it did not say. */
  readonly etcdSize: number;
}

/** The parts of the control plane as far as they are scraped. */
export class ComponentHealth {
  readonly #answers = new Map<object, Answer>();
  #stored: readonly Answer[] | undefined;

  note(target: object, answer: Answer): void {
    this.#answers.set(target, answer);
  }

  /** What the store knows of all collectors' targets: counts from now on in place of what is noted of this one's. */
  replace(answers: readonly Answer[]): void {
    this.#stored = answers;
  }

  forget(target: object): void {
    this.#answers.delete(target);
  }

  /** Whether any target is of the component. */
  knows(component: Component): boolean {
    for (const answer of this.#all()) if (answer.component === component) return true;
    return false;
  }

  /** 1 or 0; NaN when none was scraped since. Of etcd more than half must answer, of the others one. */
  healthy(component: Component, since: number): number {
    let all = 0;
    let up = 0;
    for (const answer of this.#all()) {
      if (answer.component !== component || answer.at < since || answer.isUp === undefined) continue;
      all++;
      if (answer.isUp) up++;
    }
    if (all === 0) return Number.NaN;
    return (component === 'etcd' ? up * 2 > all : up > 0) ? 1 : 0;
  }

  /** The largest database that a member, or an API server about it, told of since. */
  etcdSize(since: number): number {
    let largest = Number.NaN;
    for (const { at, etcdSize } of this.#all()) {
      if (at >= since && !(etcdSize <= largest) && !Number.isNaN(etcdSize)) largest = etcdSize;
    }
    return largest;
  }

  #all(): Iterable<Answer> {
    return this.#stored ?? this.#answers.values();
  }
}

const JOBS: Readonly<Record<Component, string>> = {
  apiserver: '(?:kube-)?apiserver|kubernetes-apiservers',
  etcd: '(?:kube-)?etcd',
  scheduler: '(?:kube-)?scheduler',
  controllerManager: '(?:kube-)?controller-manager',
};

/** A regular expression of the names of all these jobs. */
export const COMPONENT_JOBS = Object.values(JOBS).join('|');

const PATTERNS = Object.entries(JOBS).map(
  ([component, pattern]) => [component, new RegExp(`^(?:${pattern})$`)] as const,
);

/** The component that a job of this name scrapes. */
export function componentOfJob(job: string): Component | undefined {
  return PATTERNS.find(([, name]) => name.test(job))?.[0] as Component | undefined;
}

/** Newer API servers tell it under the first name, older ones under the next two; etcd itself under the last. */
export const ETCD_SIZES: ReadonlySet<string> = new Set([
  'apiserver_storage_size_bytes',
  'apiserver_storage_db_total_size_in_bytes',
  'etcd_db_total_size_in_bytes',
  'etcd_mvcc_db_total_size_in_bytes',
]);
