import { SimpleGrid, Text } from '@mantine/core';
import { formatDuration } from '../../app/format-time.ts';
import { formatValue } from '../../charts/format-value.ts';
import { Meter } from '../../charts/meter.tsx';
import { QueryChart } from '../../charts/query-chart.tsx';
import { type Machine, machineCharts } from './machine.ts';
import { Panel } from './panel.tsx';

/** A machine at a glance, and with `hasCharts` over time. */
export function MachinePanel({ machine, hasCharts }: { readonly machine: Machine; readonly hasCharts: boolean }) {
  const { name, system, cores, cpu, load, memory, disk, uptime } = machine;
  const said = [
    system,
    cores === undefined ? '' : `${cores} ${cores === 1 ? 'core' : 'cores'}`,
    load === undefined ? '' : `load ${formatValue(load)}`,
    uptime === undefined ? '' : `up for ${formatDuration(uptime)}`,
  ];
  const share = (used: number | undefined, total: number | undefined): number | undefined =>
    used === undefined || total === undefined || total === 0 ? undefined : used / total;
  return (
    <Panel
      title={name}
      aside={
        <Text fz="xs" c="dimmed">
          {said.filter((part) => part !== '').join(' · ')}
        </Text>
      }
    >
      <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="lg" verticalSpacing="sm">
        <Use
          name="CPU"
          share={cpu}
          text={cpu === undefined ? 'not known yet' : `${formatValue(cpu * 100, '%')} busy`}
        />
        <Use
          name="Memory"
          share={share(memory.used, memory.total)}
          text={`${formatValue(memory.used, 'bytes')} of ${formatValue(memory.total, 'bytes')}`}
        />
        {disk !== undefined && (
          <Use
            name={`Disk ${disk.mountpoint}`}
            share={disk.used / disk.total}
            text={`${formatValue(disk.used, 'bytes')} of ${formatValue(disk.total, 'bytes')}`}
          />
        )}
      </SimpleGrid>
      {hasCharts && (
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="sm" mt="md">
          {machineCharts(machine).map((chart) => (
            <QueryChart key={chart.title} {...chart} />
          ))}
        </SimpleGrid>
      )}
    </Panel>
  );
}

function Use({
  name,
  share,
  text,
}: {
  readonly name: string;
  readonly share: number | undefined;
  readonly text: string;
}) {
  return (
    <div>
      <Text fz="sm" fw={500} mb={6}>
        {name}
      </Text>
      <Meter label={name} text={text} share={share} />
      <Text fz="xs" c="dimmed" mt={6}>
        {text}
      </Text>
    </div>
  );
}
