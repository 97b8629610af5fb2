import { isIPv6 } from 'node:net';
import type { KubeObject } from '../../kubernetes/objects.ts';
import { sanitizeLabelName } from '../../kubernetes/sanitize-label-name.ts';

/** What every label of Kubernetes' discovery begins with. */
export const META = '__meta_kubernetes_';

export const NAMESPACE = `${META}namespace`;

/** Labels before relabelling, under construction. One that is not there and one that is '' are the same. */
export type MetaLabels = Record<string, string>;

/** The label names of a name: `<kind>_label_app` and `<kind>_labelpresent_app`. */
interface LabelNames {
  readonly value: string;
  readonly present: string;
}

/** Clusters have few names of labels and annotations, which all objects share; what is beyond is computed each time. */
const MAX_NAMES = 20_000;
const names = new Map<string, LabelNames>();

/**
 * Adds the labels that stand for an object's name, labels and annotations: `__meta_kubernetes_<kind>_name`,
 * `…_label_<name>`, `…_labelpresent_<name>`, `…_annotation_<name>` and `…_annotationpresent_<name>`, the names sanitized.
 */
export function addObjectLabels(labels: MetaLabels, kind: string, { metadata }: KubeObject): void {
  labels[`${META}${kind}_name`] = metadata.name;
  addNamed(labels, `${META}${kind}_label`, metadata.labels);
  addNamed(labels, `${META}${kind}_annotation`, metadata.annotations);
}

/** The same without the name: what is attached of a namespace, whose name is `__meta_kubernetes_namespace`. */
export function addNamespaceLabels(labels: MetaLabels, namespace: KubeObject | undefined): void {
  if (namespace === undefined) return;
  addNamed(labels, `${META}namespace_label`, namespace.metadata.labels);
  addNamed(labels, `${META}namespace_annotation`, namespace.metadata.annotations);
}

/** `<prefix>_<name>` and `<prefix>present_<name>` for each. */
function addNamed(labels: MetaLabels, prefix: string, values: Readonly<Record<string, string>> | undefined): void {
  for (const name in values) {
    const { value, present } = namesOf(prefix, name);
    labels[value] = values[name]!;
    labels[present] = 'true';
  }
}

function namesOf(prefix: string, name: string): LabelNames {
  const key = `${prefix}\0${name}`;
  let found = names.get(key);
  if (found === undefined) {
    const sanitized = sanitizeLabelName(name);
    found = { value: `${prefix}_${sanitized}`, present: `${prefix}present_${sanitized}` };
    if (names.size < MAX_NAMES) names.set(key, found);
  }
  return found;
}

/** HOST:PORT, an IPv6 address in brackets. */
export function hostPort(host: string, port: number | string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An address without a port. */
export function bareHost(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}
