import { Group, Loader, Text } from '@mantine/core';
import { getAnswer } from '../../api/get-json.ts';
import { useData } from '../../api/use-data.ts';
import { useTimeRange } from '../../app/time-range.ts';
import { formatValue } from '../../charts/format-value.ts';
import { gridOf, rangeQueryPath, TRUNCATED } from '../../charts/range-query.ts';
import styles from './explore.module.css';
import { Notes } from './notes.tsx';
import { type PlanNode, planLines } from './plan-cost.ts';
import type { QueryProblem } from './query-error.ts';
import { QueryErrorState } from './query-error-state.tsx';

interface Explained {
  readonly explain?: PlanNode;
  readonly stats?: {
    readonly timings?: Readonly<Record<string, number>>;
    readonly samples?: Readonly<Record<string, number>>;
  };
}

/** The operators by which a query is answered over the shared time range, and what each of them cost, nothing of it from the cache. */
export function ExplainView({
  expr,
  onProblem,
}: {
  readonly expr: string;
  readonly onProblem: (problem: QueryProblem | undefined) => void;
}) {
  const [range] = useTimeRange();
  const { data, error, reload } = useData(`explain ${range.from} ${range.to} ${expr}`, (signal) =>
    getAnswer<Explained>(`${rangeQueryPath(expr, gridOf(range), 1)}&explain=1&stats=all&nocache=1`, { signal }),
  );
  if (error !== undefined && data === undefined)
    return <QueryErrorState expr={expr} error={error} onProblem={onProblem} onRetry={reload} />;
  if (data === undefined) return <Loader size="sm" m="md" aria-label="Loading the plan" />;
  const { explain, stats } = data.data;
  if (explain === undefined) return <Text c="dimmed">The server explains nothing of this query.</Text>;
  const seconds = (name: string): string => formatValue(stats?.timings?.[name], 's');
  const samples = (name: string): string => formatValue(stats?.samples?.[name], '1');
  const facts = [
    ['Prepared in', seconds('queryPreparationTime')],
    ['evaluated in', seconds('innerEvalTime')],
    ['waited', seconds('execQueueTime')],
    ['samples read', samples('samplesRead')],
    ['series read', samples('seriesRead')],
    ['samples looked at', samples('totalQueryableSamples')],
    ['most at once', samples('peakSamples')],
  ];
  return (
    <>
      <Notes notes={data.notes.filter((note) => !note.includes(TRUNCATED))} />
      <Group gap="2px 16px" mb="xs">
        {facts.map(([name, value]) => (
          <Text key={name} fz="sm">
            <Text span c="dimmed" fz="sm">
              {name}{' '}
            </Text>
            {value}
          </Text>
        ))}
      </Group>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <section style={{ overflowX: 'auto' }} tabIndex={0} aria-label="Plan">
        <table className={styles.plan} aria-label={`Plan of ${expr}`}>
          <thead>
            <tr>
              <th scope="col">Operator</th>
              <th scope="col" data-number>
                with operands
              </th>
              <th scope="col" data-number>
                own time
              </th>
              <th scope="col">
                <span style={{ position: 'absolute', clipPath: 'inset(50%)' }}>share</span>
              </th>
              <th scope="col" data-number>
                series
              </th>
              <th scope="col" data-number>
                values
              </th>
              <th scope="col" data-number>
                runs
              </th>
            </tr>
          </thead>
          <tbody>
            {planLines(explain).map(({ key, depth, node, own, share }) => (
              <tr key={key}>
                <td className={styles.operator} style={{ paddingLeft: depth * 18 }}>
                  {depth > 0 && '└ '}
                  {node.operator}
                </td>
                <td data-number>{formatValue(ms(node.milliseconds), 's')}</td>
                <td data-number>{formatValue(ms(own), 's')}</td>
                <td>
                  {own !== undefined && (
                    <span className={styles.bar} title={`${Math.round(share * 100)} % of all`}>
                      <span style={{ width: `${share * 100}%` }} />
                    </span>
                  )}
                </td>
                <td data-number>{node.series?.toLocaleString()}</td>
                <td data-number>{node.values?.toLocaleString()}</td>
                <td data-number>{node.runs?.toLocaleString()}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}

/** Seconds. */
function ms(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / 1000;
}
