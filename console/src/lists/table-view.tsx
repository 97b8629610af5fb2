import { Table } from '@mantine/core';
import type { KeyboardEvent, MouseEvent, ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { withKept } from '../app/url-state.ts';
import { nextSort } from './list-query.ts';
import styles from './table-view.module.css';

/** A column of a table. The first one names the row, and is the link where rows lead somewhere. */
export interface Column<T> {
  readonly key: string;
  readonly title: string;
  readonly cell: (row: T) => ReactNode;
  /** By what the server sorts it; without it the column cannot be sorted. */
  readonly sort?: string;
  /** Numbers: right-aligned, and the largest first when sorted. */
  readonly isNumber?: boolean;
  /** Left out on phones. */
  readonly isWideOnly?: boolean;
  /** On phones it has a line of its own. */
  readonly isLong?: boolean;
  /** Stays in sight at the right edge when the table is wider than its place. */
  readonly isPinned?: boolean;
  /** What its title stands for. */
  readonly hint?: string;
}

/** Rows in a table; on a phone, in cards. What is in it and in which order is up to the caller. */
export function TableView<T>({
  label,
  rows,
  columns,
  rowKey,
  rowHref,
  sort = '',
  onSort,
  isOld = false,
}: {
  readonly label: string;
  readonly rows: readonly T[];
  readonly columns: readonly Column<T>[];
  readonly rowKey: (row: T) => string;
  readonly rowHref?: (row: T) => string | undefined;
  readonly sort?: string;
  /** Without it no column can be sorted. */
  readonly onSort?: (sort: string) => void;
  /** Rows that are about to be replaced. */
  readonly isOld?: boolean;
}) {
  const [, navigate] = useLocation();
  return (
    <div className={styles.scroll}>
      <Table
        className={styles.table}
        aria-label={label}
        highlightOnHover
        horizontalSpacing="xs"
        data-old={isOld || undefined}
        onKeyDown={walk}
      >
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) => (
              <HeadCell key={column.key} column={column} sort={sort} onSort={onSort} />
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => {
            const href = rowHref?.(row);
            const open = (event: MouseEvent): void => {
              if (href === undefined || event.defaultPrevented) return;
              if (event.target instanceof Element && event.target.closest('a, button, input') !== null) return;
              if (globalThis.getSelection()?.isCollapsed === false) return;
              navigate(withKept(href));
            };
            return (
              <Table.Tr key={rowKey(row)} onClick={open} data-link={href !== undefined || undefined}>
                {columns.map((column, index) => (
                  <Table.Td
                    key={column.key}
                    data-label={column.title}
                    data-number={column.isNumber || undefined}
                    data-wide={column.isWideOnly || undefined}
                    data-long={column.isLong || undefined}
                    data-pinned={column.isPinned || undefined}
                  >
                    {index === 0 && href !== undefined ? (
                      <Link href={withKept(href)} className={styles.link} data-row>
                        {column.cell(row)}
                      </Link>
                    ) : (
                      column.cell(row)
                    )}
                  </Table.Td>
                ))}
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function HeadCell<T>({
  column: { key, title, sort: by, isNumber = false, isWideOnly, isPinned, hint },
  sort,
  onSort,
}: {
  readonly column: Column<T>;
  readonly sort: string;
  readonly onSort: ((sort: string) => void) | undefined;
}) {
  const isSorted = by !== undefined && (sort === by || sort === `-${by}`);
  const isDescending = sort.startsWith('-');
  return (
    <Table.Th
      key={key}
      scope="col"
      data-number={isNumber || undefined}
      data-wide={isWideOnly || undefined}
      data-pinned={isPinned || undefined}
      aria-sort={isSorted ? (isDescending ? 'descending' : 'ascending') : undefined}
      title={hint}
    >
      {by === undefined || onSort === undefined ? (
        title
      ) : (
        <button type="button" className={styles.sort} onClick={() => onSort(nextSort(sort, by, isNumber))}>
          {title}
          <span aria-hidden className={styles.arrow}>
            {isSorted ? (isDescending ? '↓' : '↑') : ''}
          </span>
        </button>
      )}
    </Table.Th>
  );
}

/** The arrow keys go from row to row. */
function walk(event: KeyboardEvent<HTMLTableElement>): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>('a[data-row]')];
  const index = links.indexOf(document.activeElement as HTMLElement);
  const next = links[index + (event.key === 'ArrowDown' ? 1 : -1)];
  if (index === -1 || next === undefined) return;
  event.preventDefault();
  next.focus();
}
