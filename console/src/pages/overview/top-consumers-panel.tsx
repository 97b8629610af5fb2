import { Group, SegmentedControl, Text } from '@mantine/core';
import { queryInstant } from '../../api/query-instant.ts';
import { useData } from '../../api/use-data.ts';
import { useTimeRange } from '../../app/time-range.ts';
import { useUrlState } from '../../app/url-state.ts';
import { Meter } from '../../charts/meter.tsx';
import { ObjectLink } from './object-link.tsx';
import { Nothing, Panel, PanelBody } from './panel.tsx';
import classes from './rows.module.css';
import { consumers, consumersQuery, consumption, RESOURCES, type Resource, workloadsQuery } from './top-consumers.ts';

const COUNT = 10;

/** Who uses the most now: pods or workloads, of what the user chooses. */
export function TopConsumersPanel({ cluster }: { readonly cluster: string | undefined }) {
  const [chosen, setChosen] = useUrlState('top', 'cpu');
  const [of, setOf] = useUrlState('of', 'workloads');
  const resource: Resource = Object.hasOwn(RESOURCES, chosen) ? (chosen as Resource) : 'cpu';
  const { unit, title } = RESOURCES[resource];
  const query = (of === 'pods' ? consumersQuery : workloadsQuery)(resource, cluster, COUNT);
  const [range] = useTimeRange();
  const time = range.isLive ? undefined : range.end;
  const loaded = useData(
    `${query} ${time}`,
    async (signal) => consumers(await queryInstant(query, { time, signal })),
    range.isLive,
  );
  return (
    <Panel
      title="Top consumers"
      aside={
        <>
          <SegmentedControl
            size="xs"
            value={of === 'pods' ? 'pods' : 'workloads'}
            onChange={setOf}
            aria-label="Of which objects"
            data={[
              { value: 'workloads', label: 'Workloads' },
              { value: 'pods', label: 'Pods' },
            ]}
          />
          <SegmentedControl
            size="xs"
            value={resource}
            onChange={setChosen}
            aria-label="Of what"
            data={Object.entries(RESOURCES).map(([value, one]) => ({ value, label: one.title }))}
          />
        </>
      }
    >
      <PanelBody loaded={loaded} title="The top consumers cannot be told">
        {(all) => {
          const most = unit === '%' ? 100 : (all[0]?.value ?? 0);
          return (
            <>
              {all.length === 0 && <Nothing>Nothing is known of this yet: rates need two minutes of samples.</Nothing>}
              <ul className={classes.rows}>
                {all.map(({ name, place, path, value }) => (
                  <li key={path} className={classes.row}>
                    <div className={classes.main}>
                      <Group gap="0 6px" wrap="wrap">
                        <ObjectLink path={path}>{name}</ObjectLink>
                        <Text span fz="xs" c="dimmed">
                          {place}
                        </Text>
                      </Group>
                      <Meter
                        label={`${title} of ${name}`}
                        text={consumption(value, unit)}
                        share={most > 0 ? value / most : 0}
                        limits={unit === '%' ? [0.9, 0.97] : [2, 3]}
                      />
                    </div>
                    <Text
                      fz="sm"
                      fw={500}
                      style={{ minWidth: 72, textAlign: 'right', fontVariantNumeric: 'tabular-nums' }}
                    >
                      {consumption(value, unit)}
                    </Text>
                  </li>
                ))}
              </ul>
            </>
          );
        }}
      </PanelBody>
    </Panel>
  );
}
