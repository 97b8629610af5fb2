import type { KubeObject } from '../kube-object.ts';
import type { ResourceTarget } from './request-target.ts';
import { parseFieldSelector, parseLabelSelector } from './selectors.ts';

/** Which objects of a resource a list, a watch or a deletion is about. */
export interface Selection {
  /** Undefined for all namespaces. */
  readonly namespace: string | undefined;
  /** Whether there is a selector beside the namespace. */
  readonly selects: boolean;
  readonly matches: (object: KubeObject) => boolean;
  /** The same for selections of the same objects. */
  readonly key: string;
}

/** From the path and the query. An ApiError of 400 when a selector is not valid. */
export function parseSelection({ resource, namespace, name }: ResourceTarget, query: URLSearchParams): Selection {
  const labelText = query.get('labelSelector') ?? '';
  const named = name === '' ? '' : `metadata.name=${name}`;
  const fieldText = [query.get('fieldSelector') ?? '', named].filter((text) => text !== '').join(',');
  const labels = parseLabelSelector(labelText);
  const fields = parseFieldSelector(fieldText, resource.stored);
  const scope = namespace === '' ? fields?.namespace : namespace;
  return {
    namespace: resource.namespaced ? scope : undefined,
    selects: labels !== undefined || fields !== undefined,
    matches: (object) =>
      (namespace === '' || object.metadata.namespace === namespace) &&
      (labels === undefined || labels(object)) &&
      (fields === undefined || fields.matches(object)),
    key: JSON.stringify([namespace, labelText, fieldText]),
  };
}
