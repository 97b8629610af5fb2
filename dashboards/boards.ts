import { alerts } from './boards/alerts.ts';
import { autoscaling } from './boards/autoscaling.ts';
import { controlPlane } from './boards/control-plane.ts';
import { cost } from './boards/cost.ts';
import { fleet } from './boards/fleet.ts';
import { persistentVolumes } from './boards/persistent-volumes.ts';
import { pharosItself } from './boards/pharos-itself.ts';
import { services } from './boards/services.ts';
import type { Board } from './parts/board.ts';

/** Every dashboard, in the order of the menu. */
export const BOARDS: readonly Board[] = [
  fleet,
  services,
  persistentVolumes,
  autoscaling,
  alerts,
  cost,
  controlPlane,
  pharosItself,
];
