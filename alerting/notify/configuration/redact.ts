import { isAlias, isMap, isPair, isScalar, isSeq, type Node, stringify } from 'yaml';

const MASK = '<secret>';
/** Keys whose values are, or may hold, secrets. Names of files with secrets are none. */
const SECRET = /(?:url|uri|secret|token|key|password|credential|authorization|sign|cookie)/i;
/** Whatever is below these. */
const SECRET_SECTIONS = new Set(['headers', 'http_headers', 'params', 'endpoint_params', 'proxy_connect_header']);
const MAX_DEPTH = 64;

/** The YAML of a configuration again, with secrets, and all URLs, replaced by `<secret>`. */
export function withoutSecrets(node: Node | null): string {
  return stringify(redacted(node, { secret: false, depth: 0 }), { lineWidth: 0 });
}

function redacted(node: unknown, { secret, depth }: { readonly secret: boolean; readonly depth: number }): unknown {
  // An alias is shown in the place of its anchor.
  if (depth > MAX_DEPTH || isAlias(node)) return MASK;
  if (isMap(node)) {
    const map: Record<string, unknown> = {};
    for (const pair of node.items) {
      if (!isPair(pair) || !isScalar(pair.key)) continue;
      const key = String(pair.key.value);
      const isSecret = secret || SECRET_SECTIONS.has(key) || (SECRET.test(key) && !/_file$/.test(key));
      Object.defineProperty(map, key, {
        value: redacted(pair.value, { secret: isSecret, depth: depth + 1 }),
        enumerable: true,
      });
    }
    return map;
  }
  if (isSeq(node)) return node.items.map((item) => redacted(item, { secret, depth: depth + 1 }));
  if (!isScalar(node) || node.value === null) return null;
  const isUrl = typeof node.value === 'string' && /^[a-z][a-z0-9+.-]*:\/\//i.test(node.value);
  return secret || isUrl ? MASK : node.value;
}
