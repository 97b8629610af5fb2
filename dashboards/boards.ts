import { alerts } from './boards/alerts.ts';
import { autoscaling } from './boards/autoscaling.ts';
import { cluster } from './boards/cluster.ts';
import { container } from './boards/container.ts';
import { controlPlane } from './boards/control-plane.ts';
import { cost } from './boards/cost.ts';
import { fleet } from './boards/fleet.ts';
import { namespaces } from './boards/namespaces.ts';
import { node } from './boards/node.ts';
import { nodes } from './boards/nodes.ts';
import { persistentVolumes } from './boards/persistent-volumes.ts';
import { pharosItself } from './boards/pharos-itself.ts';
import { pod } from './boards/pod.ts';
import { pods } from './boards/pods.ts';
import { services } from './boards/services.ts';
import { workload } from './boards/workload.ts';
import { workloads } from './boards/workloads.ts';
import type { Board } from './parts/board.ts';

/** Every dashboard, in the order of the menu. */
export const BOARDS: readonly Board[] = [
  fleet,
  cluster,
  nodes,
  node,
  namespaces,
  workloads,
  workload,
  pods,
  pod,
  container,
  services,
  persistentVolumes,
  autoscaling,
  alerts,
  cost,
  controlPlane,
  pharosItself,
];
