import type { KubeObject } from '../../kube-object.ts';
import { shortDuration } from './short-duration.ts';

export type Cell = string | number | boolean;

/** A column of a table, as kubectl shows it. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'date';
  readonly format: string;
  readonly description: string;
  /** 0 is always shown, 1 only with `-o wide`. */
  readonly priority: number;
}

/** How objects of one resource are shown as rows. */
export interface TableDefinition {
  readonly columns: readonly ColumnDefinition[];
  /** One per column; `now` is in Unix milliseconds. */
  readonly cells: (object: KubeObject, now: number) => readonly Cell[];
}

/** Columns by name; the ones after `|` are wide, `#` at the end of a name means integer. The first `Name` is the name. */
export function columns(text: string): readonly ColumnDefinition[] {
  const [shown = '', wide = ''] = text.split('|');
  const names = (list: string) => list.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
  const column = (name: string, priority: number): ColumnDefinition => ({
    name: name.replace('#', ''),
    type: name.endsWith('#') ? 'integer' : 'string',
    format: name === 'Name' ? 'name' : '',
    description: '',
    priority,
  });
  return [...names(shown).map((name) => column(name, 0)), ...names(wide).map((name) => column(name, 1))];
}

/** The time since a time in RFC 3339. */
export function since(time: string | undefined | null, now: number): string {
  return time === undefined || time === null ? '<unknown>' : shortDuration(now - Date.parse(time));
}

export function age({ metadata }: KubeObject, now: number): string {
  return since(metadata.creationTimestamp, now);
}

/** `a=b,c=d`, or `<none>`. */
export function labelText(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? '<none>' : pairs.sort().join(',');
}

/** What is there, or `<none>`. */
export function orNone(value: unknown): string {
  return value === undefined || value === null || value === '' ? '<none>' : String(value);
}

/** The first few of a list and how many more there are. */
export function firstOf(list: readonly string[], most: number): string {
  const shown = list.slice(0, most).join(',');
  return list.length > most ? `${shown} + ${list.length - most} more...` : shown;
}

interface Template {
  readonly spec?: { readonly containers?: readonly { readonly name: string; readonly image?: string }[] };
}

/** The names and the images of a pod template's containers. */
export function containerCells(template: Template | undefined): readonly [string, string] {
  const containers = template?.spec?.containers ?? [];
  return [containers.map(({ name }) => name).join(','), containers.map(({ image = '' }) => image).join(',')];
}
