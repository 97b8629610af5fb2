import { Badge, Loader, Table } from '@mantine/core';
import { getJson } from '../../api/get-json.ts';
import { useData } from '../../api/use-data.ts';
import { ErrorState } from '../../app/error-state.tsx';

interface Version {
  readonly version: number;
  readonly timestamp: string;
  readonly author: string;
  readonly isDeleted: boolean;
}

/** Who wrote a policy when, the newest first. */
export function PolicyVersions({ id }: { readonly id: string }) {
  const { data, error, reload } = useData(`versions ${id}`, (signal) =>
    getJson<{ readonly versions: readonly Version[] }>(`/api/v1/policies/${encodeURIComponent(id)}/versions`, {
      signal,
    }),
  );
  if (data === undefined) {
    if (error !== undefined) return <ErrorState title="Versions cannot be read" error={error} onRetry={reload} />;
    return <Loader role="status" m="md" aria-label="Loading" />;
  }
  return (
    <Table maw={560}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Version</Table.Th>
          <Table.Th>Written</Table.Th>
          <Table.Th>By</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {data.versions.map(({ version, timestamp, author, isDeleted }) => (
          <Table.Tr key={version}>
            <Table.Td>
              {version} {isDeleted && <Badge color="red">deleted</Badge>}
            </Table.Td>
            <Table.Td>{new Date(timestamp).toLocaleString()}</Table.Td>
            <Table.Td>{author === '' ? '–' : author}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
