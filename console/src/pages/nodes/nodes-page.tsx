import { useSearchParams } from 'wouter';
import { nodePath } from '../../app/object-paths.ts';
import { PageHeader } from '../../app/page-header.tsx';
import { DataTable } from '../../lists/data-table.tsx';
import { useTimeScope } from '../../objects/inventory-scope.ts';
import { ListFilter, useNames } from '../../objects/list-filter.tsx';
import { type NodeRow, nodeColumns } from './node-columns.tsx';

/** The nodes of all clusters, or of the one in the URL. */
export default function NodesPage() {
  const [params] = useSearchParams();
  const clusters = useNames('clusters', 'cluster');
  const time = useTimeScope();
  return (
    <>
      <PageHeader title="Nodes" />
      <DataTable<NodeRow>
        label="Nodes"
        source="/api/v1/inventory/nodes"
        query={{ status: params.get('status') ?? '' }}
        scope={time}
        columns={nodeColumns(clusters.length > 1 && !params.get('cluster'))}
        rowKey={({ cluster, node }) => `${cluster}/${node}`}
        rowHref={({ cluster, node }) => nodePath(cluster, node)}
        defaultSort="-abnormal,node"
        emptyTitle="No nodes"
        emptyText="Pharos knows of no Kubernetes cluster yet: start it with --kubeconfig, or in a pod of the cluster."
        filters={
          <ListFilter
            name="status"
            label="Any status"
            values={[
              { value: 'abnormal', label: 'Needs attention' },
              'Ready',
              { value: 'NotReady', label: 'Not ready' },
              'Unknown',
            ]}
          />
        }
      />
    </>
  );
}
