import { fileShape } from './file-keys.ts';
import type { Key, MapShape, Shape } from './shape.ts';

/** The reference of all keys of the configuration file, as Markdown, made from the tables that also check it. */
export function configReference(): string {
  const sections: string[] = [];
  const seen = new Map<MapShape<unknown>, string>();
  const pending: [path: string, shape: MapShape<unknown>][] = [['', fileShape]];
  seen.set(fileShape, '');
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const [path, shape] = next;
    sections.push(describeSection(path, shape));
    for (const [name, { shape: value }] of Object.entries(shape.keys)) {
      const inner = innerMap(value);
      if (inner === undefined || seen.has(inner.shape)) continue;
      const innerPath = `${path === '' ? '' : `${path}.`}${name}${inner.suffix}`;
      seen.set(inner.shape, innerPath);
      pending.push([innerPath, inner.shape]);
    }
  }
  const served = 'Keys marked "no effect" are accepted because prometheus.yml may have them; using one is a warning.';
  return `# The keys of pharos.yml\n\nEvery prometheus.yml is a pharos.yml. ${served}\n\n${sections.join('\n')}`;
}

function describeSection(path: string, { keys }: MapShape<unknown>): string {
  const rows = Object.entries(keys).map(([name, row]) => {
    const facts = [expectation(row.shape), fallback(row)].filter((fact) => fact !== '').join(', ');
    return `- \`${name}\` (${facts}): ${row.doc}\n`;
  });
  return `## ${path === '' ? 'The file' : `\`${path}\``}\n\n${rows.join('')}`;
}

function innerMap(shape: Shape<unknown>): { readonly suffix: string; readonly shape: MapShape<unknown> } | undefined {
  switch (shape.kind) {
    case 'map':
      return { suffix: '', shape };
    case 'list':
      return suffixed('[]', innerMap(shape.of));
    case 'record':
      return suffixed('.*', innerMap(shape.of));
    case 'scalar':
    case 'anything':
      return undefined;
    default:
      return shape satisfies never;
  }
}

function suffixed(suffix: string, inner: ReturnType<typeof innerMap>): ReturnType<typeof innerMap> {
  return inner && { suffix: `${suffix}${inner.suffix}`, shape: inner.shape };
}

function expectation(shape: Shape<unknown>): string {
  switch (shape.kind) {
    case 'scalar':
      return shape.expected;
    case 'list':
      return shape.of.kind === 'map' ? 'a list of sections' : `a list, each ${expectation(shape.of)}`;
    case 'record':
      return shape.of.kind === 'map' ? 'a section for each name' : `for each name ${expectation(shape.of)}`;
    case 'map':
      return 'a section';
    case 'anything':
      return '';
    default:
      return shape satisfies never;
  }
}

function fallback(row: Key<unknown>): string {
  if (row.notServed !== undefined) return 'no effect';
  if (row.presence === 'required') return 'required';
  if (row.fallback === undefined || row.shape.kind !== 'scalar') return '';
  return `default ${row.shape.print(row.fallback) === '' ? 'empty' : `\`${row.shape.print(row.fallback)}\``}`;
}
