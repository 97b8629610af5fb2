import { Select, Stack } from '@mantine/core';
import { nodePath } from '../../app/object-paths.ts';
import { PageHeader } from '../../app/page-header.tsx';
import { useUrlState } from '../../app/url-state.ts';
import { DataTable } from '../../lists/data-table.tsx';
import { NODE_COLUMNS, type NodeRow } from './node-columns.tsx';

/** The nodes of all clusters, or of the one in the URL. */
export default function NodesPage() {
  const [status, setStatus] = useUrlState('status');
  return (
    <Stack gap="sm">
      <PageHeader title="Nodes" />
      <DataTable<NodeRow>
        label="Nodes"
        source="/api/v1/inventory/nodes"
        query={{ status }}
        columns={NODE_COLUMNS}
        rowKey={({ cluster, node }) => `${cluster}/${node}`}
        rowHref={({ cluster, node }) => nodePath(cluster, node)}
        emptyTitle="No nodes"
        emptyText="Pharos knows of no Kubernetes cluster yet: start it with --kubeconfig, or in a pod of the cluster."
        filters={
          <Select
            aria-label="Status"
            placeholder="Any status"
            clearable
            w={150}
            data={[
              { value: 'abnormal', label: 'With problems' },
              { value: 'Ready', label: 'Ready' },
              { value: 'NotReady', label: 'Not ready' },
              { value: 'Unknown', label: 'Unknown' },
            ]}
            value={status === '' ? null : status}
            onChange={(value) => setStatus(value ?? '')}
          />
        }
      />
    </Stack>
  );
}
