import { formatDuration } from '../app/format-time.ts';
import { formatValue } from '../charts/format-value.ts';
import type { Column } from '../lists/data-table.tsx';

type Known = number | null | undefined;

/** CPU in use, of rows that have it as `cpu`, in cores. */
export function cpuColumn<T extends { readonly cpu?: Known }>(): Column<T> {
  return {
    key: 'cpu',
    title: 'CPU',
    sort: 'cpu',
    isNumber: true,
    hint: 'Cores in use',
    cell: ({ cpu }) => formatValue(cpu, 'cores'),
  };
}

/** Memory in use, of rows that have it as `memory`, in bytes without page cache. */
export function memoryColumn<T extends { readonly memory?: Known }>(): Column<T> {
  return {
    key: 'memory',
    title: 'Memory',
    sort: 'memory',
    isNumber: true,
    hint: 'In use, without page cache',
    cell: ({ memory }) => formatValue(memory, 'bytes'),
  };
}

/** How long ago the object was made, of rows that have it as `age`, in seconds. */
export function ageColumn<T extends { readonly age?: Known }>(): Column<T> {
  return {
    key: 'age',
    title: 'Age',
    sort: 'age',
    isNumber: true,
    cell: ({ age }) => (age === undefined || age === null ? '–' : formatDuration(age)),
  };
}
