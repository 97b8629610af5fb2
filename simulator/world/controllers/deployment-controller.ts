import { type Condition, type Deployment, keyOf, type ReplicaSet } from '../objects.ts';
import { safeHash } from '../random.ts';
import { withCondition } from './conditions.ts';
import { type ControllerContext, ownerReference } from './controller-context.ts';
import { controllerKeyOf } from './owners.ts';
import { rounded } from './rounded.ts';
import { WorkQueue } from './work-queue.ts';

const RESOURCE = 'deployments.apps';
const REPLICA_SETS = 'replicasets.apps';
const REVISION = 'deployment.kubernetes.io/revision';

/** Gives every template of a Deployment its ReplicaSet, and moves the replicas to the newest one. */
export class DeploymentController {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#queue = new WorkQueue(context.clock, { delay: 90, reconcile: (key) => this.#reconcile(key) });
    context.onChange(RESOURCE, (object, { gone }) => {
      if (!gone) this.#queue.add(keyOf(object));
    });
    context.onChange(REPLICA_SETS, (set) => {
      const owner = controllerKeyOf(set, 'Deployment');
      if (owner !== undefined) this.#queue.add(owner);
    });
  }

  #reconcile(key: string): void {
    const deployment = this.#context.index.byKey<Deployment>(RESOURCE, key);
    if (deployment === undefined || deployment.metadata.deletionTimestamp !== undefined) return;
    const sets = this.#context.index.owned(deployment.metadata.uid!, REPLICA_SETS) as readonly ReplicaSet[];
    const hash = safeHash(JSON.stringify(deployment.spec.template));
    let current = sets.find(({ metadata }) => metadata.labels?.['pod-template-hash'] === hash);
    if (deployment.spec.paused !== true) {
      const others = sets.filter((set) => set !== current);
      current = this.#withRevision(deployment, { current, others, hash });
      if (current !== undefined) this.#scale(deployment, current, others);
      this.#forgetOld(deployment, others);
    }
    this.#report(key, current);
  }

  /** The ReplicaSet of the present template, made when it is new, and the newest revision in any case. */
  #withRevision(
    deployment: Deployment,
    {
      current,
      others,
      hash,
    }: { readonly current: ReplicaSet | undefined; readonly others: readonly ReplicaSet[]; readonly hash: string },
  ): ReplicaSet | undefined {
    const { store } = this.#context;
    const newest = Math.max(0, ...others.map(revisionOf));
    if (current !== undefined && revisionOf(current) > newest) {
      this.#note(deployment, revisionOf(current));
      return current;
    }
    const revision = String(newest + 1);
    this.#note(deployment, newest + 1);
    if (current !== undefined) {
      const annotations = { ...current.metadata.annotations, [REVISION]: revision };
      return store.update(REPLICA_SETS, {
        ...current,
        metadata: { ...current.metadata, annotations },
      }) as ReplicaSet | undefined;
    }
    const { namespace, name, creationTimestamp } = deployment.metadata;
    const { template, selector, minReadySeconds } = deployment.spec;
    const labels = { ...template.metadata?.labels, 'pod-template-hash': hash };
    return store.create(REPLICA_SETS, {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: `${name}-${hash}`,
        ...(namespace !== undefined && { namespace }),
        ...(this.#context.bootstrapping && creationTimestamp !== undefined && { creationTimestamp }),
        generation: 1,
        labels,
        annotations: {
          [REVISION]: revision,
          'deployment.kubernetes.io/desired-replicas': String(deployment.spec.replicas ?? 1),
        },
        ownerReferences: [ownerReference(deployment)],
      },
      spec: {
        replicas: 0,
        ...(minReadySeconds !== undefined && { minReadySeconds }),
        selector: { ...selector, matchLabels: { ...selector.matchLabels, 'pod-template-hash': hash } },
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
      status: { replicas: 0 },
    }) as ReplicaSet | undefined;
  }

  /** kubectl's rollout history reads the revision on the Deployment. */
  #note(deployment: Deployment, revision: number): void {
    const { index, store } = this.#context;
    const present = index.byKey<Deployment>(RESOURCE, keyOf(deployment))!;
    if (present.metadata.annotations?.[REVISION] === String(revision)) return;
    const annotations = { ...present.metadata.annotations, [REVISION]: String(revision) };
    store.update(RESOURCE, { ...present, metadata: { ...present.metadata, annotations } });
  }

  #scale(deployment: Deployment, current: ReplicaSet, others: readonly ReplicaSet[]): void {
    const wanted = deployment.spec.replicas ?? 1;
    const old = others.filter((set) => (set.spec.replicas ?? 0) > 0);
    const { type = 'RollingUpdate', rollingUpdate } = deployment.spec.strategy ?? {};
    if (type === 'Recreate') {
      for (const set of old) this.#setReplicas(deployment, set, 0);
      if (others.every((set) => (set.status?.replicas ?? 0) === 0)) this.#setReplicas(deployment, current, wanted);
      return;
    }
    if (old.length === 0) {
      this.#setReplicas(deployment, current, wanted);
      return;
    }
    const surge = rounded(rollingUpdate?.maxSurge ?? '25%', wanted, 'up');
    const unavailable = rounded(rollingUpdate?.maxUnavailable ?? '25%', wanted, 'down');
    // Both 0 would never move; the API refuses it for whole numbers, percentages may round to it.
    const mayMiss = surge === 0 && unavailable === 0 ? 1 : unavailable;
    const all = [current, ...old];
    const total = all.reduce((sum, set) => sum + (set.spec.replicas ?? 0), 0);
    const present = current.spec.replicas ?? 0;
    if (present > wanted) this.#setReplicas(deployment, current, wanted);
    else {
      const room = Math.max(0, wanted + surge - total);
      if (room > 0 && present < wanted) this.#setReplicas(deployment, current, Math.min(wanted, present + room));
    }
    // What is not ready of the old ones goes first: it serves nobody.
    const available = all.reduce((sum, set) => sum + (set.status?.availableReplicas ?? 0), 0);
    let spare = Math.max(0, available - (wanted - mayMiss));
    const startingOfCurrent = present - (current.status?.availableReplicas ?? 0);
    let surplus = Math.max(0, total - (wanted - mayMiss) - Math.max(0, startingOfCurrent));
    for (const set of [...old].sort((a, b) => revisionOf(a) - revisionOf(b))) {
      const replicas = set.spec.replicas ?? 0;
      const broken = Math.min(surplus, Math.max(0, replicas - (set.status?.availableReplicas ?? 0)));
      surplus -= broken;
      const healthy = Math.min(spare, surplus, replicas - broken);
      spare -= healthy;
      surplus -= healthy;
      if (broken + healthy > 0) this.#setReplicas(deployment, set, replicas - broken - healthy);
    }
  }

  #setReplicas(deployment: Deployment, set: ReplicaSet, replicas: number): void {
    const { index, events } = this.#context;
    const present = index.byKey<ReplicaSet>(REPLICA_SETS, keyOf(set));
    const before = present?.spec.replicas ?? 0;
    if (present === undefined || before === replicas) return;
    this.#context.setSpec(REPLICA_SETS, present, { ...present.spec, replicas });
    events.record(deployment, {
      reason: 'ScalingReplicaSet',
      message: `Scaled ${replicas > before ? 'up' : 'down'} replica set ${set.metadata.name} from ${before} to ${replicas}`,
      component: 'deployment-controller',
    });
  }

  #forgetOld(deployment: Deployment, others: readonly ReplicaSet[]): void {
    const idle = others.filter((set) => (set.spec.replicas ?? 0) === 0 && (set.status?.replicas ?? 0) === 0);
    const surplus = idle.length - (deployment.spec.revisionHistoryLimit ?? 10);
    if (surplus <= 0) return;
    for (const set of idle.sort((a, b) => revisionOf(a) - revisionOf(b)).slice(0, surplus)) {
      this.#context.store.delete(REPLICA_SETS, set.metadata.namespace ?? '', set.metadata.name);
    }
  }

  #report(key: string, current: ReplicaSet | undefined): void {
    const { index, clock, timestamp, bootstrapping } = this.#context;
    const deployment = index.byKey<Deployment>(RESOURCE, key)!;
    const sets = index.owned(deployment.metadata.uid!, REPLICA_SETS) as readonly ReplicaSet[];
    const sum = (field: 'replicas' | 'readyReplicas' | 'availableReplicas') =>
      sets.reduce((total, set) => total + (set.status?.[field] ?? 0), 0);
    const wanted = deployment.spec.replicas ?? 1;
    const newest = current === undefined ? undefined : index.byKey<ReplicaSet>(REPLICA_SETS, keyOf(current));
    const updated = newest?.status?.replicas ?? 0;
    const [replicas, ready, available] = [sum('replicas'), sum('readyReplicas'), sum('availableReplicas')];
    // In a rollout more pods are wanted than the Deployment says, and each that is not available counts.
    const asked = sets.reduce((total, set) => total + (set.spec.replicas ?? 0), 0);
    const allowed = rounded(deployment.spec.strategy?.rollingUpdate?.maxUnavailable ?? '25%', wanted, 'down');
    const enough = available >= wanted - allowed;
    const complete = updated === wanted && replicas === wanted && available === wanted;
    const stamp = bootstrapping ? deployment.metadata.creationTimestamp! : timestamp;
    const before = deployment.status;
    let conditions: Condition[] = withCondition(
      before?.conditions,
      {
        type: 'Available',
        status: enough ? 'True' : 'False',
        reason: enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
        message: `Deployment ${enough ? 'has' : 'does not have'} minimum availability.`,
      },
      stamp,
    );
    const moved =
      before?.updatedReplicas !== updated || before?.availableReplicas !== (available > 0 ? available : undefined);
    const progressing = conditions.find(({ type }) => type === 'Progressing');
    const lastMove = moved ? stamp : (progressing?.lastUpdateTime ?? stamp);
    const deadline = Date.parse(lastMove) + (deployment.spec.progressDeadlineSeconds ?? 600) * 1000;
    const late = !complete && clock.now() >= deadline;
    if (!complete && !late) this.#queue.add(key, deadline - clock.now() + 1000);
    conditions = withCondition(
      conditions,
      {
        type: 'Progressing',
        status: late ? 'False' : 'True',
        reason: late ? 'ProgressDeadlineExceeded' : complete ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated',
        message: late
          ? `ReplicaSet "${current?.metadata.name}" has timed out progressing.`
          : complete
            ? `ReplicaSet "${current?.metadata.name}" has successfully progressed.`
            : `ReplicaSet "${current?.metadata.name}" is progressing.`,
        lastUpdateTime: lastMove,
      },
      stamp,
    );
    this.#context.setStatus(RESOURCE, deployment, {
      observedGeneration: deployment.metadata.generation ?? 1,
      ...(replicas > 0 && { replicas }),
      ...(updated > 0 && { updatedReplicas: updated }),
      ...(ready > 0 && { readyReplicas: ready }),
      ...(available > 0 && { availableReplicas: available }),
      ...(asked > available && { unavailableReplicas: asked - available }),
      conditions,
    });
  }
}

function revisionOf(set: ReplicaSet): number {
  return Number(set.metadata.annotations?.[REVISION] ?? 0);
}
