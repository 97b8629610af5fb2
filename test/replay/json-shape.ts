/**
 * The shape of a JSON value as lines of path and type, sorted and without duplicates, so that two shapes can be compared
 * as text. The items of an array share one path:
 *
 *     {"data":[{"name":"a"},{"name":"b","unit":null}]}
 *
 *     data: array
 *     data[]: object
 *     data[].name: string
 *     data[].unit: null
 */
export function jsonShape(value: unknown): string[] {
  const lines = new Set<string>();
  const walk = (path: string, node: unknown): void => {
    const type = Array.isArray(node) ? 'array' : node === null ? 'null' : typeof node;
    lines.add(`${path === '' ? '.' : path}: ${type}`);
    if (Array.isArray(node)) for (const item of node) walk(`${path}[]`, item);
    else if (type === 'object') {
      for (const [key, child] of Object.entries(node as object)) walk(path === '' ? key : `${path}.${key}`, child);
    }
  };
  walk('', value);
  return [...lines].sort();
}
