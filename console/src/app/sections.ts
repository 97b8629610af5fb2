import { type ComponentType, lazy } from 'react';

/** A place in the navigation. */
export interface Section {
  readonly path: string;
  readonly title: string;
  /** Keyboard: `g`, then this. */
  readonly key: string;
  readonly page: ComponentType;
}

const page = (load: () => Promise<{ readonly default: ComponentType }>): ComponentType => lazy(load);

/** In the order of the navigation. Each page is loaded when it is opened first. */
export const SECTIONS: readonly Section[] = [
  { path: '/', title: 'Overview', key: 'o', page: page(() => import('../pages/overview/overview-page.tsx')) },
  { path: '/nodes', title: 'Nodes', key: 'n', page: page(() => import('../pages/nodes/nodes-page.tsx')) },
  {
    path: '/workloads',
    title: 'Workloads',
    key: 'w',
    page: page(() => import('../pages/workloads/workloads-page.tsx')),
  },
  { path: '/pods', title: 'Pods', key: 'p', page: page(() => import('../pages/pods/pods-page.tsx')) },
  { path: '/explore', title: 'Explore', key: 'e', page: page(() => import('../pages/explore/explore-page.tsx')) },
  { path: '/alerts', title: 'Alerts', key: 'a', page: page(() => import('../pages/alerts/alerts-page.tsx')) },
  { path: '/policies', title: 'Policies', key: 'c', page: page(() => import('../pages/policies/policies-page.tsx')) },
  {
    path: '/autoscaling',
    title: 'Autoscaling',
    key: 'h',
    page: page(() => import('../pages/autoscaling/autoscaling-page.tsx')),
  },
  { path: '/targets', title: 'Targets', key: 't', page: page(() => import('../pages/targets/targets-page.tsx')) },
  { path: '/storage', title: 'Storage', key: 's', page: page(() => import('../pages/storage/storage-page.tsx')) },
  { path: '/status', title: 'Status', key: 'i', page: page(() => import('../pages/status/status-page.tsx')) },
];

/** Details, which are no places of their own. `:name` are parts of the path. */
export const DETAILS: readonly { readonly path: string; readonly page: ComponentType }[] = [
  { path: '/clusters/:cluster', page: page(() => import('../pages/clusters/cluster-page.tsx')) },
  { path: '/nodes/:cluster/:node', page: page(() => import('../pages/nodes/node-page.tsx')) },
  {
    path: '/workloads/:cluster/:namespace/:kind/:name',
    page: page(() => import('../pages/workloads/workload-page.tsx')),
  },
  { path: '/pods/:cluster/:namespace/:pod', page: page(() => import('../pages/pods/pod-page.tsx')) },
  { path: '/pods/:cluster/:namespace/:pod/:container', page: page(() => import('../pages/pods/container-page.tsx')) },
  { path: '/policies/new', page: page(() => import('../pages/policies/policy-editor-page.tsx')) },
  { path: '/policies/:id', page: page(() => import('../pages/policies/policy-page.tsx')) },
  { path: '/alerts/:fingerprint', page: page(() => import('../pages/alerts/alert-page.tsx')) },
];
