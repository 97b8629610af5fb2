/** Fills in a template with the groups of a match, the whole match first; a group that took no part is undefined. */
export type Template = (groups: readonly (string | undefined)[]) => string;

type Part = string | readonly number[];

/** True when the text names a group (or is meant to): it holds a `$`. */
export function hasVariable(template: string): boolean {
  return template.includes('$');
}

/**
 * Compiles a replacement template: `$1`, `${1}`, `$name`, `${name}`, and `$$` for a dollar. A name is the longest run
 * of letters, digits and underscores, so `$1x` is the group called `1x`. A group that does not exist is empty; a `$`
 * that begins none of these stays as it is. These are the rules of Go's Regexp.Expand.
 * `groupsNamed` answers the numbers of the groups of a name.
 */
export function compileTemplate(template: string, groupsNamed: (name: string) => readonly number[]): Template {
  const parts = parse(template, groupsNamed);
  if (parts.every((part) => typeof part === 'string')) {
    const text = parts.join('');
    return () => text;
  }
  if (parts.length === 1) {
    const [numbers] = parts as [readonly number[]];
    return (groups) => firstOf(groups, numbers);
  }
  return (groups) => {
    let text = '';
    for (const part of parts) text += typeof part === 'string' ? part : firstOf(groups, part);
    return text;
  };
}

const VARIABLE = /^\$(?:(?<dollar>\$)|(?<name>[\p{L}\p{Nd}_]+)|\{(?<braced>[\p{L}\p{Nd}_]+)\})/u;

function parse(template: string, groupsNamed: (name: string) => readonly number[]): Part[] {
  const parts: Part[] = [];
  let text = '';
  let rest = template;
  while (rest !== '') {
    const at = rest.indexOf('$');
    if (at < 0) break;
    text += rest.slice(0, at);
    rest = rest.slice(at);
    const match = VARIABLE.exec(rest);
    if (match === null) {
      text += '$';
      rest = rest.slice(1);
      continue;
    }
    rest = rest.slice(match[0].length);
    const name = match.groups?.name ?? match.groups?.braced;
    if (name === undefined) {
      text += '$';
      continue;
    }
    if (text !== '') parts.push(text);
    text = '';
    parts.push(/^(?:0|[1-9][0-9]{0,8})$/.test(name) ? [Number(name)] : groupsNamed(name));
  }
  text += rest;
  if (text !== '') parts.push(text);
  return parts;
}

function firstOf(groups: readonly (string | undefined)[], numbers: readonly number[]): string {
  for (const number of numbers) {
    const group = groups[number];
    if (group !== undefined) return group;
  }
  return '';
}
