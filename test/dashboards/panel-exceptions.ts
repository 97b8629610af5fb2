/** Panels that show nothing where all is well, by dashboard and title, and why. */
export const PANEL_EXCEPTIONS: Readonly<Record<string, string>> = {
  'pharos-pods: Containers that wait': 'lists only what waits, and no container does where all is well',
  'pharos-pods: Pods that restart': 'lists only what restarted in the time range',
  'pharos-workloads: Pods not well': 'draws only workloads that are not well',
  'pharos-fleet: Alerts firing over time': 'draws only what fires',
  'pharos-container: Ended last by': 'a container that never ended has no reason for it; the panel says so',
};
