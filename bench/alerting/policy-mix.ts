/** Metrics that every container of the mix has, with a threshold that next to none reaches. */
const METRICS = [
  'memory_working_set_bytes',
  'memory_usage_bytes',
  'memory_rss',
  'threads',
  'processes',
  'file_descriptors',
];
const NAMESPACES = ['shop-production', 'shop-staging', 'platform-services', 'data-pipelines'];
const STATISTICS = ['avg', 'max', 'min', 'last'];

/** So many alert policies about the containers of the mix, as a file of policies has them. */
export function policyMix(count: number): string {
  const lines: string[] = [];
  for (let n = 0; n < count; n++) {
    const metric = METRICS[n % METRICS.length]!;
    const warn = 1e12 + n;
    lines.push(
      `- id: mix-${n}`,
      `  name: Mix${n}`,
      '  level: container',
      `  objects: {include: {namespace: [${NAMESPACES[n % NAMESPACES.length]!}], node: ['node-${n % 50}']}}`,
      '  conditions:',
      `    - {metric: container_${metric}, period: 1m, statistic: ${STATISTICS[n % STATISTICS.length]!}, operator: gt, ` +
        `thresholds: {warn: ${warn}, serious: ${2 * warn}}, periods: 3}`,
    );
  }
  return `policies:\n${lines.map((line) => `  ${line}\n`).join('')}`;
}
