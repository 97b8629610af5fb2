import { Code, List, Text } from '@mantine/core';
import { Panel } from './panel.tsx';

/** What to do when no cluster is monitored yet. */
export function FirstSteps() {
  return (
    <Panel title="No Kubernetes cluster yet">
      <Text fz="sm" mb="xs">
        Pharos watches this machine. To see clusters, nodes, workloads and pods here, start it with one of these:
      </Text>
      <List fz="sm" spacing={6}>
        <List.Item>
          <Code>npm start -- --kubeconfig ~/.kube/config --context prod</Code> for a cluster that kubectl can reach
        </List.Item>
        <List.Item>
          <Code>{'kubernetes: {}'}</Code> in pharos.yml, or no configuration at all, in a pod of the cluster
        </List.Item>
        <List.Item>
          <Code>npm start -- --demo</Code> for a simulated cluster to look at
        </List.Item>
        <List.Item>
          <Code>--config pharos.yml</Code> for your own targets; a prometheus.yml is accepted as it is
        </List.Item>
      </List>
    </Panel>
  );
}
