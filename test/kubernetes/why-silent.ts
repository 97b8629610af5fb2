import { instantQuery } from '../../bench/prometheus-api.ts';
import type { Expr, VectorSelector } from '../../query/promql/ast.ts';
import { print } from '../../query/promql/printer.ts';

/** Components that a cluster may not have, by what their metrics' names or labels begin with. */
const ABSENT: readonly (readonly [RegExp, string])[] = [
  [/windows_|kubernetes-windows-exporter/, 'there are no Windows nodes'],
  [/sysname="Darwin"/, 'there are no macOS nodes'],
  [/^node_memory_(total|available|internal|wired|compressed)_bytes/, 'there are no macOS or AIX nodes'],
  [/^alertmanager_|alertmanager-main/, 'no Alertmanager runs in the cluster'],
  [/^prometheus_operator_|prometheus-operator/, 'no Prometheus Operator runs in the cluster'],
  [/^prometheus_|^net_conntrack_|prometheus-k8s/, 'no Prometheus runs in the cluster'],
  [/^grafana_/, 'no Grafana runs in the cluster'],
  [/^node_md_/, 'the nodes have no software RAID'],
  [/^node_bonding_/, 'the nodes have no bonded interfaces'],
  [/^node_systemd_/, "node_exporter's systemd collector is off"],
  [/^node_timex_/, "the nodes' kernels tell nothing of clock discipline"],
];

/** What is said of an expression of which all selectors have series. */
export const CONDITION_DOES_NOT_HOLD = 'its condition does not hold';

/**
 * Why an expression has no answer on the server: of its first selector that selected nothing in the last 10 minutes, which
 * component is absent, that there is no such metric, or that no series is in the state that it asks for.
 */
export async function whySilent(url: string, expr: Expr): Promise<string> {
  for (const selector of selectorsOf(expr)) {
    if ((await countSeries(url, print({ ...selector, offset: undefined, at: undefined }))) > 0) continue;
    const text = print({ ...selector, offset: undefined, at: undefined });
    const absent = ABSENT.find(([pattern]) => pattern.test(selector.metric) || pattern.test(text))?.[1];
    if (absent !== undefined) return absent;
    if ((await countSeries(url, selector.metric)) > 0) return `nothing is in the state that ${text} asks for`;
    return selector.metric.includes(':') ? `no rule records ${selector.metric}` : `no series ${selector.metric}`;
  }
  return CONDITION_DOES_NOT_HOLD;
}

/** All selectors of an expression, in the order in which they stand there. */
export function selectorsOf(expr: Expr): VectorSelector[] {
  switch (expr.kind) {
    case 'vector-selector':
      return [expr];
    case 'matrix-selector':
      return [expr.selector];
    case 'subquery':
    case 'unary':
    case 'paren':
      return selectorsOf(expr.expr);
    case 'call':
      return expr.args.flatMap(selectorsOf);
    case 'aggregate':
      return selectorsOf(expr.expr);
    case 'binary':
      return [...selectorsOf(expr.left), ...selectorsOf(expr.right)];
    case 'number':
    case 'string':
      return [];
    default:
      return expr satisfies never;
  }
}

async function countSeries(url: string, selector: string): Promise<number> {
  const [found] = await instantQuery(url, `count(last_over_time(${selector}[10m]))`);
  return found?.value ?? 0;
}
