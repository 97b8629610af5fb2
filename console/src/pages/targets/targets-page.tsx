import { Tabs } from '@mantine/core';
import { PageHeader } from '../../app/page-header.tsx';
import { useUrlState } from '../../app/url-state.ts';
import { CardinalityTables } from './cardinality-tables.tsx';
import { TargetsTable } from './targets-table.tsx';

/** What is scraped, how that goes and what it costs. */
export default function TargetsPage() {
  const [tab, setTab] = useUrlState('tab', 'targets');
  return (
    <>
      <PageHeader title="Targets" description="What is scraped, how it goes and what it costs" />
      <Tabs value={tab} onChange={(value) => setTab(value ?? 'targets')} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="targets">Targets</Tabs.Tab>
          <Tabs.Tab value="cardinality">Cardinality</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="targets">
          <TargetsTable />
        </Tabs.Panel>
        <Tabs.Panel value="cardinality">
          <CardinalityTables />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
