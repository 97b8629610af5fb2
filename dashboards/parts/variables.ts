import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';

/** What stands in the bar at the top of a dashboard and in its queries as `$name`. */
export type Variable = { readonly build: () => VariableModel };

/** The variable that names the data source of every query. */
export const DATASOURCE = 'datasource';

/** The data source of every panel and variable: what that variable says. */
export const PROMETHEUS = { type: 'prometheus', uid: `$\{${DATASOURCE}}` };

/** The Prometheus-like data source: the first of its kind unless another is chosen. Every dashboard has it. */
export const datasourceVariable = (): Variable =>
  new DatasourceVariableBuilder(DATASOURCE).label('Data source').type('prometheus');

/** A variable with the values that a label has. */
export interface LabelVariable {
  readonly name: string;
  /** What stands before it in the bar. */
  readonly title: string;
  /** The label whose values it offers; by default the variable's name. */
  readonly label?: string;
  /** The series that have the label: a selector, with `$cluster` and other variables that stand before this one. */
  readonly of: string;
  /**
   * True: several values or all of them can be chosen, all to begin with; queries match with `=~"$name"`. By default
   * one value, the first to begin with, which queries match with `="$name"`.
   */
  readonly several?: boolean;
}

/** A variable whose values are those of a label in the time range shown, in the alphabet's order. */
export function labelVariable({ name, title, label = name, of, several = false }: LabelVariable): Variable {
  const query = `label_values(${of}, ${label})`;
  const variable = new QueryVariableBuilder(name)
    .label(title)
    .datasource(PROMETHEUS)
    .query({ query, refId: 'StandardVariableQuery' })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc)
    .multi(several)
    .includeAll(several);
  return several ? variable.allValue('.*').current({ selected: true, text: ['All'], value: ['$__all'] }) : variable;
}

/** A variable that is typed in, a price for example. */
export const textVariable = ({ name, title, value }: { name: string; title: string; value: string }): Variable =>
  new TextBoxVariableBuilder(name).label(title).defaultValue(value).current({ selected: true, text: value, value });

/** The cluster: of every dashboard but that of all clusters. */
export const clusterVariable = (): Variable =>
  labelVariable({ name: 'cluster', title: 'Cluster', of: 'k8s_cluster_node_total' });

/** The node, of the cluster. */
export const nodeVariable = ({ several = false } = {}): Variable =>
  labelVariable({ name: 'node', title: 'Node', of: 'k8s_node_status_ready{cluster="$cluster"}', several });

/** The namespace, of the cluster: any of them, or where one is chosen, those that have workloads. */
export const namespaceVariable = ({ several = false } = {}): Variable =>
  labelVariable({
    name: 'namespace',
    title: 'Namespace',
    of: `${several ? 'kube_namespace_created' : 'k8s_workload_pod_restart_total'}{cluster="$cluster"}`,
    several,
  });

/** The workload, of the namespace. */
export const workloadVariable = (): Variable =>
  labelVariable({
    name: 'workload',
    title: 'Workload',
    label: 'workload_name',
    of: 'k8s_workload_pod_restart_total{cluster="$cluster", namespace="$namespace"}',
  });

/** The kind of the workload: nearly always there is one; two only where a name is used twice. */
export const workloadKindVariable = (): Variable =>
  labelVariable({
    name: 'kind',
    title: 'Kind',
    label: 'workload_kind',
    of: 'k8s_workload_pod_restart_total{cluster="$cluster", namespace="$namespace", workload_name="$workload"}',
  });

/** The pod, of the namespace. */
export const podVariable = (): Variable =>
  labelVariable({
    name: 'pod',
    title: 'Pod',
    of: 'k8s_pod_status_ready{cluster="$cluster", namespace="$namespace"}',
  });

/** The container, of the pod. */
export const containerVariable = (): Variable =>
  labelVariable({
    name: 'container',
    title: 'Container',
    of: 'kube_pod_container_info{cluster="$cluster", namespace="$namespace", pod="$pod"}',
  });
