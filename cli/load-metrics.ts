import { readFile } from 'node:fs/promises';
import type { MetricDefinition } from '../alerting/autoscaling/expressions/metric-definition.ts';
import { parseMetricDefinitions } from '../alerting/autoscaling/expressions/metric-file.ts';
import { formatFileProblems } from '../alerting/yaml-reader.ts';
import type { PharosConfig } from './config/config.ts';

/** The named metrics of the configuration. Rejects with one Error that lists every problem. */
export async function loadMetrics({ file, autoscaling }: PharosConfig): Promise<readonly MetricDefinition[]> {
  if (file === undefined) return [];
  const { freshness, hold } = autoscaling;
  const text = await readFile(file, 'utf8');
  const { definitions, problems } = parseMetricDefinitions(file, text, { defaults: { freshness, hold } });
  if (problems.length > 0) throw new Error(formatFileProblems(problems));
  return definitions;
}
