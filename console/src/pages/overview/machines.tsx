import { useData } from '../../api/use-data.ts';
import { askAll } from './ask-all.ts';
import { MACHINE_QUERIES, machines } from './machine.ts';
import { MachinePanel } from './machine-panel.tsx';

const INTERVAL = 30_000;

/** The machines that belong to no cluster; nothing when there are none. */
export function Machines({ hasCharts }: { readonly hasCharts: boolean }) {
  const { data = [] } = useData(
    'machines',
    async (signal) => machines(await askAll(MACHINE_QUERIES, signal)),
    INTERVAL,
  );
  return data.map((machine) => (
    <MachinePanel key={`${machine.job} ${machine.instance}`} machine={machine} hasCharts={hasCharts} />
  ));
}
