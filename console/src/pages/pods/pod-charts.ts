import {
  type CatalogueObject,
  catalogueLine,
  fileSystemCharts,
  gpuCharts,
  networkCharts,
  ratioCharts,
  useCharts,
} from '../../objects/catalogue-charts.ts';
import type { ChartDescription, ChartSection } from '../../objects/chart-description.ts';
import { selector } from '../../objects/selector.ts';

/** A pod, or one of its containers. */
export interface PodName {
  readonly cluster: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string;
}

/** What the catalogue knows of a pod. `has` says what is worth a chart: several containers, GPUs. */
export function podCharts(name: PodName, has: { readonly containers: number; readonly gpu: boolean }): ChartSection[] {
  const pod: CatalogueObject = { level: 'pod', selector: selector({ ...name }) };
  const byContainer = (title: string, metric: string, unit: string): ChartDescription => ({
    title,
    unit,
    lines: [
      {
        legend: '{{container}}',
        query: `sum by (container) (k8s_container_${metric}${pod.selector})`,
      },
    ],
  });
  return [
    {
      title: 'CPU and memory',
      charts: [
        ...useCharts(pod, (metric, resource) => `sum(${metric}${selector({ ...name, resource })})`),
        ...ratioCharts(pod),
        ...(has.containers > 1
          ? [
              byContainer('CPU by container', 'cpu_core_used', 'cores'),
              byContainer('Memory by container', 'mem_no_cache_bytes', 'bytes'),
            ]
          : []),
      ],
    },
    { title: 'Restarts', charts: [restarts(pod.selector), readiness(pod)] },
    { title: 'Network', charts: networkCharts(pod) },
    { title: 'File system', charts: fileSystemCharts(pod) },
    ...(has.gpu ? [{ title: 'GPU', charts: gpuCharts(pod) }] : []),
  ];
}

/** What the catalogue knows of a container. */
export function containerCharts(name: Required<PodName>, has: { readonly gpu: boolean }): ChartSection[] {
  const container: CatalogueObject = { level: 'container', selector: selector({ ...name }) };
  return [
    {
      title: 'CPU and memory',
      charts: [
        ...useCharts(container, (metric, resource) => `sum(${metric}${selector({ ...name, resource })})`),
        ...ratioCharts(container),
      ],
    },
    { title: 'Restarts', charts: [restarts(container.selector)] },
    { title: 'File system', charts: fileSystemCharts(container) },
    { title: 'Network', charts: networkCharts(container) },
    ...(has.gpu ? [{ title: 'GPU', charts: gpuCharts(container) }] : []),
  ];
}

function restarts(matchers: string): ChartDescription {
  const of = (metric: string): string => `sum by (container) (${metric}${matchers})`;
  return {
    title: 'Restarts',
    unit: '',
    description: 'Since the pod began, by container.',
    lines: [
      { legend: '{{container}}', query: of('kube_pod_container_status_restarts_total') },
      {
        legend: '{{container}} (init)',
        query: of('kube_pod_init_container_status_restarts_total'),
      },
    ],
  };
}

function readiness(pod: CatalogueObject): ChartDescription {
  return {
    title: 'Ready',
    unit: '',
    description: '1 when it is ready, else 0.',
    lines: [catalogueLine(pod, 'status_ready', 'Ready')],
  };
}
