import { Alert, Badge, Code, Drawer, Group, List, Loader, Stack, Table, Text, Title } from '@mantine/core';
import { getJson } from '../../api/get-json.ts';
import { useData } from '../../api/use-data.ts';
import { ErrorState } from '../../app/error-state.tsx';
import { formatDuration } from '../../app/format-time.ts';
import { QueryChart } from '../../charts/query-chart.tsx';
import type { AutoscalerMetric, ExplainedAutoscaler } from './autoscaler.ts';
import { metricText } from './metric-text.ts';
import { ReplicaMeter } from './replica-meter.tsx';
import { decisionText } from './scaling-limit.ts';

const TARGET = [{ value: 100, label: 'target', color: '#7a828c' }];

/** One autoscaler, `namespace/name`, beside the list; '' for none. */
export function AutoscalerDrawer({ name, onClose }: { readonly name: string; readonly onClose: () => void }) {
  return (
    <Drawer
      opened={name !== ''}
      onClose={onClose}
      position="right"
      size="xl"
      title={<b>{name}</b>}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {name !== '' && <Details name={name} />}
    </Drawer>
  );
}

function Details({ name }: { readonly name: string }) {
  const { data, error, reload } = useData(
    name,
    (signal) =>
      getJson<ExplainedAutoscaler>(`/api/v1/autoscaling/${name.split('/').map(encodeURIComponent).join('/')}`, {
        signal,
      }),
    true,
  );
  if (data === undefined) {
    if (error !== undefined) return <ErrorState title="The autoscaler cannot be read" error={error} onRetry={reload} />;
    return <Loader role="status" m="xl" aria-label="Loading" />;
  }
  const { namespace, target, problems, metrics, conditions, decisions } = data;
  const own = `{namespace=${JSON.stringify(namespace)}, horizontalpodautoscaler=${JSON.stringify(data.name)}}`;
  return (
    <Stack gap="md">
      <Group gap="xl">
        <div>
          <Text size="xs" c="dimmed">
            Target
          </Text>
          <Text size="sm">
            {target.kind}/{target.name}
          </Text>
        </div>
        <ReplicaMeter autoscaler={data} />
      </Group>
      {problems.length > 0 && (
        <Alert color="red" title="Something is wrong">
          <List size="sm">
            {problems.map((problem) => (
              <List.Item key={problem} style={{ overflowWrap: 'anywhere' }}>
                {problem}
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
      <QueryChart
        title="Replicas"
        queries={[
          { query: `kube_horizontalpodautoscaler_status_current_replicas${own}`, legend: 'current' },
          { query: `kube_horizontalpodautoscaler_status_desired_replicas${own}`, legend: 'wanted' },
          { query: `kube_horizontalpodautoscaler_spec_max_replicas${own}`, legend: 'most', isFaint: true },
          { query: `kube_horizontalpodautoscaler_spec_min_replicas${own}`, legend: 'least', isFaint: true },
        ]}
      />
      <QueryChart
        title="Metrics, as the controller saw them, of their targets"
        description="Above 100 % more replicas are wanted, below it fewer"
        queries={[
          {
            query: `100 * kube_horizontalpodautoscaler_status_target_metric${own} / on (metric_name, metric_target_type) kube_horizontalpodautoscaler_spec_target_metric${own}`,
            legend: '{{metric_name}} ({{metric_target_type}})',
          },
        ]}
        unit="%"
        thresholds={TARGET}
      />
      <section aria-label="Metrics">
        <Title order={3} size="h5" mb="xs">
          Metrics
        </Title>
        <Stack gap="sm">
          {metrics.map((metric) => (
            <Explained key={`${metric.type} ${metric.metric} ${metric.selector}`} metric={metric} />
          ))}
        </Stack>
      </section>
      <section aria-label="Decisions">
        <Title order={3} size="h5" mb="xs">
          Decisions
        </Title>
        {decisions.length === 0 ? (
          <Text size="sm" c="dimmed">
            None has been seen since the start.
          </Text>
        ) : (
          <Table>
            <Table.Tbody>
              {decisions.map(({ time, from, to, ...decision }) => (
                <Table.Tr key={`${time} ${from} ${to}`}>
                  <Table.Td>{time === null ? '–' : new Date(time).toLocaleString()}</Table.Td>
                  <Table.Td>
                    <b>
                      {from} → {to}
                    </b>
                  </Table.Td>
                  <Table.Td>{decisionText(decision)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
      </section>
      <section aria-label="Conditions">
        <Title order={3} size="h5" mb="xs">
          Conditions
        </Title>
        <Stack gap={6}>
          {conditions.map(({ type, status, reason, message }) => (
            <div key={type}>
              <Group gap={6}>
                <Text size="sm" fw={600}>
                  {type}
                </Text>
                <Badge color={status === 'True' ? 'blue' : 'gray'}>{status}</Badge>
                <Text size="xs" c="dimmed">
                  {reason}
                </Text>
              </Group>
              <Text size="xs" c="dimmed">
                {message}
              </Text>
            </div>
          ))}
        </Stack>
      </section>
    </Stack>
  );
}

function Explained({ metric }: { readonly metric: AutoscalerMetric }) {
  const { type, origin, served, explanation = [], lastError } = metric;
  return (
    <div>
      <Group gap={6}>
        <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
          {metric.metric}
        </Text>
        <Badge color="gray">{type}</Badge>
        <Text size="sm">{metricText(metric)}</Text>
        {served !== null && (
          <Text size="xs" c="dimmed">
            {formatDuration(served.age)} old, of {served.count}
          </Text>
        )}
      </Group>
      {origin !== null && (
        <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          from {origin}
        </Text>
      )}
      {explanation.length > 0 && (
        <Code block mt={4} style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
          {explanation.join('\n')}
        </Code>
      )}
      {lastError !== null && (
        <Text size="xs" c="dimmed" mt={4} style={{ overflowWrap: 'anywhere' }}>
          Last error, {new Date(lastError.time).toLocaleString()}: {lastError.message}
        </Text>
      )}
    </div>
  );
}
