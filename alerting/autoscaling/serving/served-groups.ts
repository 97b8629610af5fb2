/** A version of a group that is registered with the API server. */
export interface ServedVersion {
  readonly group: string;
  readonly version: string;
  /** Of versions of the same group the one with more of it is preferred. */
  readonly versionPriority: number;
}

/** Everything that is registered. */
export const SERVED_VERSIONS: readonly ServedVersion[] = [
  { group: 'metrics.k8s.io', version: 'v1beta1', versionPriority: 100 },
  { group: 'custom.metrics.k8s.io', version: 'v1beta2', versionPriority: 200 },
  { group: 'custom.metrics.k8s.io', version: 'v1beta1', versionPriority: 100 },
  { group: 'external.metrics.k8s.io', version: 'v1beta1', versionPriority: 100 },
];

/** The name of the APIService object. */
export function apiServiceName({ group, version }: Pick<ServedVersion, 'group' | 'version'>): string {
  return `${version}.${group}`;
}
