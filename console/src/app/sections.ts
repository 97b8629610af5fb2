/** A place in the navigation. */
export interface Section {
  readonly path: string;
  readonly title: string;
  /** Keyboard: `g`, then this. */
  readonly key: string;
}

/** In the order of the navigation. */
export const SECTIONS: readonly Section[] = [
  { path: '/', title: 'Overview', key: 'o' },
  { path: '/nodes', title: 'Nodes', key: 'n' },
  { path: '/workloads', title: 'Workloads', key: 'w' },
  { path: '/pods', title: 'Pods', key: 'p' },
  { path: '/explore', title: 'Explore', key: 'e' },
  { path: '/alerts', title: 'Alerts', key: 'a' },
  { path: '/policies', title: 'Policies', key: 'c' },
  { path: '/autoscaling', title: 'Autoscaling', key: 'h' },
  { path: '/targets', title: 'Targets', key: 't' },
  { path: '/storage', title: 'Storage', key: 's' },
  { path: '/status', title: 'Status', key: 'i' },
];
