import { Group, Pagination, Text } from '@mantine/core';

/** Which rows of a list are shown, and a way to the others; nothing where one page has all of them. */
export function ListPages({
  total,
  page,
  pageSize,
  onPage,
}: {
  /** Rows of all pages. */
  readonly total: number;
  /** From 1. */
  readonly page: number;
  readonly pageSize: number;
  readonly onPage: (page: number) => void;
}) {
  const pages = Math.ceil(total / pageSize);
  if (pages <= 1) return null;
  return (
    <Group justify="flex-end" mt="sm" gap="sm">
      <Text fz="sm" c="dimmed">
        {((page - 1) * pageSize + 1).toLocaleString()}–{Math.min(page * pageSize, total).toLocaleString()} of{' '}
        {total.toLocaleString()}
      </Text>
      <Pagination
        total={pages}
        value={page}
        onChange={onPage}
        size="sm"
        siblings={1}
        getControlProps={(control) => ({ 'aria-label': `${control} page` })}
        getItemProps={(item) => ({ 'aria-label': `page ${item}` })}
      />
    </Group>
  );
}
