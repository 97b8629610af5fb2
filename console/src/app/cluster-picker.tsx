import { NativeSelect } from '@mantine/core';
import { getJson } from '../api/get-json.ts';
import { useData } from '../api/use-data.ts';
import { useUrlState } from './url-state.ts';

const LOOKBACK = 3_600;

/** Which cluster the pages are about, or all of them. Nothing where no metric says of which cluster it is. */
export function ClusterPicker() {
  const [cluster, setCluster] = useUrlState('cluster');
  const { data = [] } = useData(
    'clusters',
    (signal) => {
      const start = Math.floor(Date.now() / 1000) - LOOKBACK;
      return getJson<readonly string[]>(`/api/v1/label/cluster/values?start=${start}`, { signal });
    },
    true,
  );
  const names = cluster === '' || data.includes(cluster) ? data : [...data, cluster];
  if (names.length === 0) return null;
  return (
    <NativeSelect
      size="xs"
      miw={0}
      maw={180}
      aria-label="Cluster"
      value={cluster}
      data={[{ value: '', label: 'All clusters' }, ...names]}
      onChange={({ currentTarget }) => setCluster(currentTarget.value)}
    />
  );
}
