import { nodePath, podPath, workloadPath } from '../../app/object-paths.ts';

/** What an alert is about. */
export interface AlertObject {
  readonly kind: string;
  readonly text: string;
  /** The path of its page; undefined when it has none. */
  readonly path: string | undefined;
}

const KINDS = { deployment: 'Deployment', statefulset: 'StatefulSet', daemonset: 'DaemonSet', cronjob: 'CronJob' };

/** The smallest object that labels name, as policies and the usual rules name them. */
export function alertObject(labels: Readonly<Record<string, string>>): AlertObject {
  const { cluster = '', namespace = '', pod, container, node, service, workload_kind, workload_name } = labels;
  if (pod !== undefined && namespace !== '') {
    const name = { cluster, namespace, name: pod };
    if (container !== undefined && container !== '') {
      return { kind: 'container', text: `${namespace}/${pod}/${container}`, path: podPath(name, container) };
    }
    return { kind: 'pod', text: `${namespace}/${pod}`, path: podPath(name) };
  }
  const [kind, workload] = workloadOf(workload_kind, workload_name, labels);
  if (workload !== undefined && namespace !== '') {
    const path = workloadPath(kind, { cluster, namespace, name: workload });
    return { kind, text: `${namespace}/${workload}`, path };
  }
  if (service !== undefined && namespace !== '') {
    return { kind: 'service', text: `${namespace}/${service}`, path: undefined };
  }
  if (node !== undefined && node !== '') return { kind: 'node', text: node, path: nodePath(cluster, node) };
  if (namespace !== '') return { kind: 'namespace', text: namespace, path: undefined };
  if (labels.instance !== undefined) return { kind: labels.job ?? 'instance', text: labels.instance, path: undefined };
  return cluster !== ''
    ? { kind: 'cluster', text: cluster, path: undefined }
    : { kind: '', text: 'everything', path: undefined };
}

function workloadOf(
  kind: string | undefined,
  name: string | undefined,
  labels: Readonly<Record<string, string>>,
): readonly [string, string | undefined] {
  if (kind !== undefined && name !== undefined) return [kind, name];
  for (const [label, known] of Object.entries(KINDS)) if (labels[label] !== undefined) return [known, labels[label]];
  return ['', undefined];
}
