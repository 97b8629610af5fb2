import { COLUMN } from '../load/columns.ts';
import type { Meters } from '../load/meters.ts';
import type { RunningContainer } from '../runtime/machine.ts';
import type { PageWriter } from './page-writer.ts';
import { writeProcess } from './process-families.ts';

/** What the pages of the control plane's parts are made of. */
export interface ComponentOptions {
  readonly meters: Meters;
  readonly container: RunningContainer;
  readonly now: number;
  /** Pods and nodes that the cluster was made with: how busy its components are. Must not change, or counters would fall. */
  readonly pods: number;
  readonly nodes: number;
  /** Objects stored, by resource. */
  readonly objects: ReadonlyMap<string, number>;
  readonly scheduled: number;
  readonly unschedulable: number;
  readonly pending: number;
}

/** The process of the component itself; more goroutines the busier it is. */
export function writeOwnProcess(
  writer: PageWriter,
  { meters, container, now }: ComponentOptions,
  goroutines: number,
): void {
  const busy = meters.rate(container.row, COLUMN.cpuUser);
  writeProcess(writer, {
    meters,
    row: container.row,
    startedAt: container.startedAt,
    now,
    goroutines: Math.round(goroutines * (1 + busy)),
  });
}
