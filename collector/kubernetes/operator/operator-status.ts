/** What has become of Prometheus Operator's objects of a cluster. */
export interface OperatorStatus {
  /** '' when it has no name. */
  readonly cluster: string;
  /** Whether jobs have been given: everything there is has been read once. */
  readonly isSynced: boolean;
  readonly resources: readonly {
    readonly resource: string;
    readonly isSynced: boolean;
    /** Also 0 when the cluster does not have the resource. */
    readonly objects: number;
  }[];
  /** By kind, namespace and name. */
  readonly objects: readonly ObjectReport[];
}

/**
 *     active    its jobs are in force
 *     pending   a Secret or ConfigMap that it names has not been read yet
 *     kept      it is refused; the jobs of its last good version since the start stay in force
 *     refused   it is refused, and has no jobs
 */
export type ObjectState = 'active' | 'pending' | 'kept' | 'refused';

export const OBJECT_STATES: readonly ObjectState[] = ['active', 'pending', 'kept', 'refused'];

export interface ObjectReport {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly state: ObjectState;
  /** The names of its jobs that are in force. */
  readonly jobs: readonly string[];
  /** What is wrong with it: kind, namespace/name, field, what was given, and what that means. */
  readonly problem: string | undefined;
  /** What has no effect, or is old. */
  readonly notes: readonly string[];
}
