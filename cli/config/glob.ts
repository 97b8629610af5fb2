import { readdir, stat } from 'node:fs/promises';
import { join, parse } from 'node:path';

const WILD = /[*?[]/;

/** True when the path is a pattern. */
export function isPattern(path: string): boolean {
  return WILD.test(path);
}

/**
 * The existing files that match an absolute pattern, sorted. `*` and `?` match within one component, `[a-z]` and
 * `[^a-z]` one character; directories that cannot be read have no matches. Throws a SyntaxError on an open bracket.
 */
export async function glob(pattern: string): Promise<string[]> {
  const { root } = parse(pattern);
  const components = pattern
    .slice(root.length)
    .split('/')
    .filter((component) => component !== '');
  let found = [root];
  for (const [i, component] of components.entries()) {
    const isLast = i === components.length - 1;
    const lists = await Promise.all(found.map((directory) => matchesIn(directory, component, isLast)));
    found = lists.flat();
  }
  return found.sort();
}

async function matchesIn(directory: string, component: string, isLast: boolean): Promise<string[]> {
  if (!isPattern(component)) {
    const path = join(directory, component);
    if (!isLast) return [path];
    return stat(path).then(
      () => [path],
      () => [],
    );
  }
  const matcher = compileComponent(component);
  const names = await readdir(directory).catch(() => []);
  return names.filter((name) => matcher.test(name)).map((name) => join(directory, name));
}

/** One component of a pattern as a regular expression. */
function compileComponent(component: string): RegExp {
  let source = '';
  for (let i = 0; i < component.length; i++) {
    const character = component[i]!;
    if (character === '*') source += '[^/]*';
    else if (character === '?') source += '[^/]';
    else if (character === '[') {
      const end = component.indexOf(']', i + 2);
      if (end < 0) throw new SyntaxError(`expected a closing bracket in the pattern ${JSON.stringify(component)}`);
      const inside = component.slice(i + 1, end).replace(/[\\[]/g, '\\$&');
      source += `[${inside}]`;
      i = end;
    } else source += character.replace(/[\\^$.|+(){}\]]/, '\\$&');
  }
  return new RegExp(`^${source}$`, 'su');
}
