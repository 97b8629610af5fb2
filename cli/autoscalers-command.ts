import { SYSTEM_CLOCK, wait } from '../clock/clock.ts';
import { askServer } from './ask-server.ts';
import { formatTable } from './table.ts';

export interface AutoscalersCommand {
  readonly url: string;
  readonly namespace?: string | undefined;
  /** Only those with which something is wrong. */
  readonly problem?: boolean;
  /** Again and again, until the process is stopped. */
  readonly watch?: boolean;
  /** Milliseconds. */
  readonly timeout: number;
  readonly json?: boolean;
}

/** As /api/v1/autoscaling has them. */
interface ListedAutoscaler {
  readonly namespace: string;
  readonly name: string;
  readonly target: { readonly kind: string; readonly name: string };
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly currentReplicas: number | null;
  readonly desiredReplicas: number | null;
  readonly lastScale: string | null;
  readonly lastDecision: Decision | null;
  readonly metrics: readonly ListedMetric[];
  readonly problems: readonly string[];
}

interface Decision {
  readonly time: string;
  readonly from: number;
  readonly to: number;
  readonly limit: string;
}

interface ListedMetric {
  readonly type: string;
  readonly metric: string;
  readonly target: Quantity | null;
  readonly seen: Quantity | null;
  readonly value: number | null;
  readonly served: { readonly age: number } | null;
}

interface Quantity {
  readonly type: string;
  readonly text: string;
}

interface Page {
  readonly autoscalers: readonly ListedAutoscaler[];
  readonly total: number;
  /** Of the server's clock. */
  readonly time: string;
}

const PAGE = 1_000;
const PERIOD = 5_000;
const CLEAR = '\u001b[H\u001b[2J';
const HEADER = ['namespace', 'name', 'target', 'metric', 'value', 'age', 'replicas', 'last decision', 'problem'];

/**
 * Prints the autoscalers that a server knows: a line for each of their metrics, or JSON. With `watch` it ends when the signal says so, and tells of
 * a server that is away in place of the table. Otherwise it throws an Error that says what is wrong.
 */
export async function runAutoscalersCommand(
  command: AutoscalersCommand,
  print: (text: string) => void,
  { signal = new AbortController().signal, isTerminal = process.stdout.isTTY } = {},
): Promise<void> {
  if (command.watch !== true) return print(await show(command));
  while (!signal.aborted) {
    const text = await show(command).catch((error: unknown) => `pharos: ${(error as Error).message}`);
    print(isTerminal ? `${CLEAR}${text}` : `${text}\n`);
    await wait(SYSTEM_CLOCK, PERIOD, signal);
  }
}

async function show(command: AutoscalersCommand): Promise<string> {
  const all: ListedAutoscaler[] = [];
  let time = 0;
  for (let total = 1; all.length < total; ) {
    const query = new URLSearchParams({ limit: String(PAGE), offset: String(all.length) });
    if (command.namespace !== undefined) query.set('namespace', command.namespace);
    const { data } = await askServer<Page>(command.url, {
      path: `api/v1/autoscaling?${query}`,
      timeout: command.timeout,
    });
    all.push(...data.autoscalers);
    time = Date.parse(data.time);
    // Some may have gone meanwhile.
    total = data.autoscalers.length < PAGE ? all.length : data.total;
  }
  const shown = command.problem === true ? all.filter(({ problems }) => problems.length > 0) : all;
  if (command.json === true) return JSON.stringify(shown);
  if (shown.length === 0) return 'no HorizontalPodAutoscalers';
  return formatTable(
    HEADER,
    shown.flatMap((each) => rowsOf(each, time)),
  );
}

/** A line for each metric; what is of the autoscaler as a whole stands in the first. */
function rowsOf(autoscaler: ListedAutoscaler, time: number): string[][] {
  const { namespace, name, target, metrics, problems } = autoscaler;
  const first = [`${target.kind}/${target.name}`];
  const last = [replicasOf(autoscaler), decisionOf(autoscaler, time), problems.join('; ')];
  const ofMetrics: readonly (ListedMetric | undefined)[] = metrics.length === 0 ? [undefined] : metrics;
  return ofMetrics.map((metric, i) => [
    namespace,
    name,
    ...(i === 0 ? first : ['']),
    metric === undefined ? '' : metric.metric,
    metric === undefined ? '' : valueCell(metric),
    metric?.served == null ? '' : span(metric.served.age * 1000),
    ...(i === 0 ? last : ['', '', '']),
  ]);
}

/** `3 -> 5 (2-9)`. */
function replicasOf({ currentReplicas, desiredReplicas, minReplicas, maxReplicas }: ListedAutoscaler): string {
  const current = currentReplicas ?? '?';
  const wants = desiredReplicas === null || desiredReplicas === currentReplicas ? '' : ` -> ${desiredReplicas}`;
  return `${current}${wants} (${minReplicas}-${maxReplicas})`;
}

function decisionOf({ lastDecision, lastScale }: ListedAutoscaler, time: number): string {
  if (lastDecision !== null) {
    const { from, to, limit } = lastDecision;
    const why = limit === '' ? '' : `, ${limit}`;
    return `${from} -> ${to} ${span(time - Date.parse(lastDecision.time))} ago${why}`;
  }
  return lastScale === null ? '' : `${span(time - Date.parse(lastScale))} ago`;
}

/** What the value is, and what it should be: `120m/100m`, `81%/60%`. Percent of requests are the controller's own. */
function valueCell({ target, seen, value }: ListedMetric): string {
  if (target === null) return '';
  const percent = target.type === 'Utilization' ? '%' : '';
  const own = seen === null || target.type !== 'Utilization' ? '?' : seen.text;
  return `${value === null ? own : quantityLike(value, target.text)}${percent}/${target.text}${percent}`;
}

const BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** A number to be read beside a quantity: in its binary unit, or in thousandths below one. */
function quantityLike(value: number, text: string): string {
  const unit = BINARY.findIndex((suffix) => text.endsWith(suffix));
  if (unit >= 0) return `${rounded(value / 1024 ** (unit + 1))}${BINARY[unit]}`;
  const isSmall = Math.abs(value) < 1 && value !== 0;
  return isSmall || text.endsWith('m') ? `${rounded(value * 1000)}m` : rounded(value);
}

/** To four digits where there are fewer than that before the point. */
function rounded(value: number): string {
  return String(Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4)));
}

/** `12s`, `5m`, `3h`, `2d`. */
function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)}h` : `${Math.round(seconds / 86_400)}d`;
}
