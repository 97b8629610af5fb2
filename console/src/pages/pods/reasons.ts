/** What a container cannot do, or waits for, by its reason: a sentence without its subject. */
export const WAITS: Readonly<Record<string, string>> = {
  CrashLoopBackOff: 'ends again and again, so the kubelet waits longer before each restart',
  ImagePullBackOff: 'cannot be started: its image cannot be pulled, and the kubelet waits before the next try',
  ErrImagePull: 'cannot be started: its image cannot be pulled',
  InvalidImageName: 'cannot be started: the name of its image is not valid',
  CreateContainerConfigError: 'cannot be created: a ConfigMap or Secret that it needs is missing or wrong',
  CreateContainerError: 'cannot be created by the container runtime',
  RunContainerError: 'cannot be run by the container runtime',
  ContainerCreating: 'is being created',
  PodInitializing: 'waits for the init containers',
};

const MEANINGS: Readonly<Record<string, string>> = {
  CrashLoopBackOff: 'A container ends again and again, so the kubelet waits longer before each restart.',
  ImagePullBackOff: 'The image of a container cannot be pulled, and the kubelet waits before the next try.',
  ErrImagePull: 'The image of a container cannot be pulled.',
  InvalidImageName: "The name of a container's image is not valid.",
  CreateContainerConfigError: 'A ConfigMap or Secret that a container needs is missing or wrong.',
  CreateContainerError: 'The container runtime cannot create a container.',
  RunContainerError: 'The container runtime cannot run a container.',
  OOMKilled: 'A container needed more memory than its limit.',
  Error: 'A container has ended with an error.',
  Unschedulable: 'No node can take it: the events say what the scheduler lacks.',
  NotReady: 'It runs and gets no traffic: a container does not pass its readiness probe, or its node is lost.',
  Pending: 'It has not started for minutes.',
  ContainerCreating: 'Its containers are not created for minutes: a volume or its network may be missing.',
  Evicted: 'Its node was short of something and ended it.',
  Unknown: 'Nothing is heard from its node.',
};

/** What the status of a pod that is not well means, in a sentence; undefined when the word is not known. */
export function meaningOfReason(reason: string): string | undefined {
  return MEANINGS[reason.replace(/^Init:/, '')];
}
