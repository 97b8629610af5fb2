/**
 * The pages: the pattern of each one's address, where `:name` is a part of the path, and its module below `pages/`. Where two patterns match,
 * the first one is meant. The build tells the server from this what belongs to which address.
 */
export const PAGE_MODULES: Readonly<Record<string, string>> = {
  '/': 'overview/overview-page',
  '/clusters/:cluster': 'clusters/cluster-page',
  '/nodes': 'nodes/nodes-page',
  '/nodes/:cluster/:node': 'nodes/node-page',
  '/workloads': 'workloads/workloads-page',
  '/workloads/:cluster/:namespace/:kind/:name': 'workloads/workload-page',
  '/pods': 'pods/pods-page',
  '/pods/:cluster/:namespace/:pod': 'pods/pod-page',
  '/pods/:cluster/:namespace/:pod/:container': 'pods/container-page',
  '/explore': 'explore/explore-page',
  // Where the links of alerts lead, as with Prometheus.
  '/graph': 'explore/explore-page',
  '/alerts': 'alerts/alerts-page',
  '/alerts/:fingerprint': 'alerts/alert-page',
  '/policies': 'policies/policies-page',
  '/policies/new': 'policies/policy-editor-page',
  '/policies/:id': 'policies/policy-page',
  '/autoscaling': 'autoscaling/autoscaling-page',
  '/targets': 'targets/targets-page',
  '/storage': 'storage/storage-page',
  '/status': 'status/status-page',
};
