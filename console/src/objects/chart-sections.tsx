import { Stack } from '@mantine/core';
import { QueryChart } from '../charts/query-chart.tsx';
import type { ChartDescription, ChartSection } from './chart-description.ts';
import classes from './objects.module.css';
import { Section } from './section.tsx';

/** Requests are amber, limits red, and what there is is grey wherever use is compared with them. */
const BOUND_COLORS: Readonly<Record<string, string>> = {
  Request: '#c98a12',
  Limit: '#d9534f',
  Desired: '#8a94a3',
  'There are': '#8a94a3',
  'There is': '#8a94a3',
};

/** Charts of an object over the shared time range, under headings; those out of sight ask for nothing. */
export function ChartSections({ sections }: { readonly sections: readonly ChartSection[] }) {
  return (
    <Stack gap="lg">
      {sections.map(({ title, charts }) => (
        <Section key={title} title={title}>
          <div className={classes.charts}>
            {charts.map((chart) => (
              <DescribedChart key={chart.title} {...chart} />
            ))}
          </div>
        </Section>
      ))}
    </Stack>
  );
}

function DescribedChart({ title, unit, description, lines }: ChartDescription) {
  return (
    <QueryChart
      title={title}
      unit={unit}
      {...(description !== undefined && { description })}
      height={150}
      queries={lines.map(({ legend, query, isBound = false }) => ({
        legend,
        query,
        ...(isBound && { isFaint: true, ...(BOUND_COLORS[legend] !== undefined && { color: BOUND_COLORS[legend] }) }),
      }))}
    />
  );
}
