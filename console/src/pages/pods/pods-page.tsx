import { useSearchParams } from 'wouter';
import { PageHeader } from '../../app/page-header.tsx';
import { ListFilter, useNames } from '../../objects/list-filter.tsx';
import { PodsTable } from './pods-table.tsx';

const STATUSES = [
  'Running',
  'Pending',
  'ContainerCreating',
  'CrashLoopBackOff',
  'ImagePullBackOff',
  'ErrImagePull',
  'OOMKilled',
  'Error',
  'NotReady',
  'Completed',
  'Evicted',
  'Terminating',
  'Unknown',
];

/** All pods, those that are not well and the busiest within a click. */
export default function PodsPage() {
  const [params] = useSearchParams();
  const given = (name: string): string => params.get(name) ?? '';
  const cluster = given('cluster');
  const clusters = useNames('clusters', 'cluster');
  const within: Record<string, string> = cluster === '' ? {} : { cluster };
  const namespaces = useNames('namespaces', 'namespace', within);
  const nodes = useNames('nodes', 'node', within);
  return (
    <>
      <PageHeader title="Pods" />
      <PodsTable
        query={{
          namespace: given('namespace'),
          node: given('node'),
          status: given('status'),
          workload: given('workload'),
        }}
        shows={{ cluster: clusters.length > 1 && cluster === '', namespace: given('namespace') === '' }}
        filters={
          <>
            <ListFilter name="namespace" label="All namespaces" values={namespaces} />
            <ListFilter
              name="status"
              label="Any status"
              values={[{ value: 'abnormal', label: 'Needs attention' }, ...STATUSES]}
            />
            <ListFilter name="node" label="All nodes" values={nodes} />
          </>
        }
      />
    </>
  );
}
