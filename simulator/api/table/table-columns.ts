import type { KubeObject } from '../../kube-object.ts';
import { age, type Cell, type ColumnDefinition, columns, type TableDefinition } from './cells.ts';
import { CLUSTER_TABLES } from './cluster-tables.ts';
import { NETWORK_TABLES } from './network-tables.ts';
import { WORKLOAD_TABLES } from './workload-tables.ts';

/** A row of a table. Conditions say that a pod has ended, which kubectl can leave out. */
export interface TableRow {
  readonly cells: readonly Cell[];
  readonly conditions?: readonly object[];
}

const TABLES: Readonly<Record<string, TableDefinition>> = { ...WORKLOAD_TABLES, ...NETWORK_TABLES, ...CLUSTER_TABLES };

const GENERIC: TableDefinition = {
  columns: columns('Name, Age'),
  cells: (object, now) => [object.metadata.name, age(object, now)],
};

/** The column definitions of a stored resource: those of the real server, or name and age. */
export function columnsOf(resource: string): readonly ColumnDefinition[] {
  return (TABLES[resource] ?? GENERIC).columns;
}

/** The cells of an object, at a time in Unix milliseconds. */
export function tableRow(resource: string, object: KubeObject, now: number): TableRow {
  const cells = (TABLES[resource] ?? GENERIC).cells(object, now);
  if (resource !== 'pods') return { cells };
  const { phase } = (object.status ?? {}) as { readonly phase?: string };
  if (phase !== 'Succeeded' && phase !== 'Failed') return { cells };
  const message = phase === 'Succeeded' ? 'The pod has completed successfully.' : 'The pod failed.';
  return { cells, conditions: [{ type: 'Completed', status: 'True', reason: phase, message }] };
}
