import type { KubeObject } from '../../kube-object.ts';

const KINDS = [
  ['ServiceMonitor', 'servicemonitors', 'v1'],
  ['PodMonitor', 'podmonitors', 'v1'],
  ['Probe', 'probes', 'v1'],
  ['PrometheusRule', 'prometheusrules', 'v1'],
  ['ScrapeConfig', 'scrapeconfigs', 'v1alpha1'],
] as const;

/** The Prometheus Operator's definitions, with a ServiceMonitor for node exporters, a Probe, a ScrapeConfig and a rule. */
export function monitorObjects(created: string): (readonly [string, KubeObject])[] {
  const definitions = KINDS.map(([kind, plural, version]): readonly [string, KubeObject] => [
    'customresourcedefinitions.apiextensions.k8s.io',
    {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.monitoring.coreos.com`, creationTimestamp: created, generation: 1 },
      spec: {
        group: 'monitoring.coreos.com',
        scope: 'Namespaced',
        names: {
          kind,
          plural,
          singular: kind.toLowerCase(),
          listKind: `${kind}List`,
          categories: ['prometheus-operator'],
        },
        versions: [{ name: version, served: true, storage: true, subresources: { status: {} } }],
      },
    },
  ]);
  const metadata = (name: string) => ({
    name,
    namespace: 'monitoring',
    creationTimestamp: created,
    generation: 1,
    labels: { team: 'platform' },
  });
  return [
    ...definitions,
    [
      'servicemonitors.monitoring.coreos.com',
      {
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'ServiceMonitor',
        metadata: metadata('node-exporter'),
        spec: {
          jobLabel: 'app.kubernetes.io/name',
          selector: { matchLabels: { 'app.kubernetes.io/name': 'node-exporter' } },
          endpoints: [
            {
              port: 'metrics',
              interval: '15s',
              relabelings: [
                { action: 'replace', sourceLabels: ['__meta_kubernetes_pod_node_name'], targetLabel: 'instance' },
              ],
            },
          ],
        },
      },
    ],
    [
      'probes.monitoring.coreos.com',
      {
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'Probe',
        metadata: metadata('shop'),
        spec: {
          jobName: 'shop-from-outside',
          module: 'http_2xx',
          prober: { url: 'blackbox-exporter.monitoring.svc:9115' },
          targets: { staticConfig: { static: ['https://frontend.shop.example.com'] } },
        },
      },
    ],
    [
      'scrapeconfigs.monitoring.coreos.com',
      {
        apiVersion: 'monitoring.coreos.com/v1alpha1',
        kind: 'ScrapeConfig',
        metadata: metadata('outside'),
        spec: { staticConfigs: [{ targets: ['192.0.2.10:9100'], labels: { place: 'outside' } }] },
      },
    ],
    [
      'prometheusrules.monitoring.coreos.com',
      {
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'PrometheusRule',
        metadata: metadata('shop'),
        spec: {
          groups: [
            {
              name: 'shop',
              rules: [
                {
                  alert: 'ShopFails',
                  expr: 'sum(rate(http_requests_total{namespace="shop",code="500"}[5m])) / sum(rate(http_requests_total{namespace="shop"}[5m])) > 0.05',
                  for: '5m',
                  labels: { severity: 'warning' },
                },
              ],
            },
          ],
        },
      },
    ],
  ];
}
