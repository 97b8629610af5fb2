import type { KubeObject } from '../../kube-object.ts';
import { shortDuration } from './short-duration.ts';

/** A column of a table, as kubectl shows it. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'date';
  readonly format: string;
  readonly description: string;
  /** 0 is always shown, 1 only with `-o wide`. */
  readonly priority: number;
}

export interface TableRow {
  readonly cells: readonly (string | number | boolean | null)[];
}

/** The column definitions of a resource. */
export function columnsOf(_resource: string): readonly ColumnDefinition[] {
  return GENERIC;
}

/** The cells of an object, at a time in Unix milliseconds. */
export function tableRow(_resource: string, object: KubeObject, now: number): TableRow {
  return { cells: [object.metadata.name, age(object, now)] };
}

const GENERIC: readonly ColumnDefinition[] = [
  { name: 'Name', type: 'string', format: 'name', description: 'Name of the object', priority: 0 },
  { name: 'Age', type: 'string', format: '', description: 'Time since its creation', priority: 0 },
];

function age({ metadata: { creationTimestamp } }: KubeObject, now: number): string {
  return creationTimestamp === undefined ? '<unknown>' : shortDuration(now - Date.parse(creationTimestamp));
}
