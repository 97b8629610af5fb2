import type { Ingress } from '../../kubernetes/objects.ts';
import type { TargetGroup } from '../../scrape/scrape-config.ts';
import { addNamespaceLabels, addObjectLabels, META, type MetaLabels, NAMESPACE } from './meta-labels.ts';
import type { RelatedObjects } from './related-objects.ts';

/** An ingress: a target for each path of each rule, at the rule's host. */
export function ingressGroup(ingress: Ingress, related: RelatedObjects): TargetGroup | undefined {
  const { namespace, name } = ingress.metadata;
  const { ingressClassName, rules = [], tls = [] } = ingress.spec;
  const labels: MetaLabels = { [NAMESPACE]: namespace };
  if (ingressClassName !== undefined) labels[`${META}ingress_class_name`] = ingressClassName;
  addObjectLabels(labels, 'ingress', ingress);
  addNamespaceLabels(labels, related.namespace(namespace));
  const secured = tls.flatMap(({ hosts = [] }) => hosts);
  const targets = rules.flatMap(({ host = '', http }) => {
    const scheme = secured.some((pattern) => matchesHost(pattern, host)) ? 'https' : 'http';
    // A rule without HTTP stands for the root; one with an empty list of paths has none.
    const paths = http === undefined ? [''] : (http.paths ?? []).map(({ path = '' }) => path);
    return paths.map((path) => ({
      __address__: host,
      [`${META}ingress_scheme`]: scheme,
      [`${META}ingress_host`]: host,
      [`${META}ingress_path`]: path === '' ? '/' : path,
    }));
  });
  return targets.length === 0 ? undefined : { targets, labels, source: `ingress/${namespace}/${name}` };
}

/** `*.example.org` is any name with one more part. */
function matchesHost(pattern: string, host: string): boolean {
  if (pattern === host) return true;
  const dot = host.indexOf('.');
  return dot >= 0 && pattern === `*${host.slice(dot)}`;
}
