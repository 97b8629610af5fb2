import { Code, Text } from '@mantine/core';
import classes from './first-steps.module.css';
import { Panel } from './panel.tsx';

/** Ways to a cluster, in the README's words. */
const WAYS = [
  [
    'npm start -- --kubeconfig ~/.kube/config --context prod',
    'a Kubernetes cluster, with no scrape configuration at all',
  ],
  ['kubernetes: {}', 'in the configuration, or running in a pod without one: the cluster around it'],
  ['npm start -- --demo', 'a simulated Kubernetes cluster of 20 nodes and 300 pods to look at'],
  ['npm start -- --config pharos.yml', 'your targets and rules; an existing prometheus.yml is accepted as it is'],
] as const;

/** What to do when no cluster is monitored yet. */
export function FirstSteps() {
  return (
    <Panel title="No Kubernetes cluster yet">
      <Text fz="sm" mb="xs">
        Pharos monitors the machine it runs on. To see clusters, nodes, workloads and pods here, start it with one of
        these:
      </Text>
      <dl className={classes.ways}>
        {WAYS.map(([code, text]) => (
          <div key={code}>
            <dt>
              <Code>{code}</Code>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
