import { useData } from '../../api/use-data.ts';
import { useTimeRange } from '../../app/time-range.ts';
import { askAll } from './ask-all.ts';
import { MACHINE_QUERIES, machines } from './machine.ts';
import { MachinePanel } from './machine-panel.tsx';

/** The machines that belong to no cluster; nothing when there are none. */
export function Machines({ hasCharts }: { readonly hasCharts: boolean }) {
  const [range] = useTimeRange();
  const time = range.isLive ? undefined : range.end;
  const { data = [] } = useData(
    `machines ${time}`,
    async (signal) => machines(await askAll(MACHINE_QUERIES, { time, signal })),
    range.isLive,
  );
  return data.map((machine) => (
    <MachinePanel key={`${machine.job} ${machine.instance}`} machine={machine} hasCharts={hasCharts} />
  ));
}
