import { askServer } from './ask-server.ts';
import { formatTable } from './table.ts';

/** What `pharos query` and `pharos query range` were asked. Times are as the HTTP API takes them: RFC 3339 or seconds. */
export interface QueryCommand {
  readonly url: string;
  readonly expr: string;
  /** Instant query: the evaluation time; now when undefined. */
  readonly time?: string | undefined;
  /** Range query when given. */
  readonly range?: { readonly start: string; readonly end: string; readonly step: string } | undefined;
  /** Milliseconds. */
  readonly timeout: number;
  readonly json: boolean;
}

type Point = readonly [time: number, value: string];

type Data =
  | { readonly resultType: 'vector'; readonly result: readonly { readonly metric: Metric; readonly value: Point }[] }
  | {
      readonly resultType: 'matrix';
      readonly result: readonly { readonly metric: Metric; readonly values: readonly Point[] }[];
    }
  | { readonly resultType: 'scalar' | 'string'; readonly result: Point };

type Metric = Readonly<Record<string, string>>;

/**
 * Asks any server that speaks Prometheus' HTTP API and returns what to print: a table, one row per sample, or the
 * answer's data as JSON. Warnings go to `warn`. Throws an Error with the server's message.
 */
export async function runQueryCommand(command: QueryCommand, warn: (line: string) => void): Promise<string> {
  const form = new URLSearchParams({ query: command.expr });
  if (command.range) {
    form.set('start', command.range.start);
    form.set('end', command.range.end);
    form.set('step', command.range.step);
  } else if (command.time !== undefined) {
    form.set('time', command.time);
  }
  const path = command.range ? 'api/v1/query_range' : 'api/v1/query';
  const answer = await askServer<Data>(command.url, { path, form, timeout: command.timeout });
  for (const warning of answer.warnings ?? []) warn(`warning: ${warning}`);
  for (const info of answer.infos ?? []) warn(`info: ${info}`);
  return command.json ? JSON.stringify(answer.data) : render(answer.data);
}

function render(data: Data): string {
  switch (data.resultType) {
    case 'scalar':
    case 'string':
      return data.result[1];
    case 'vector':
      if (data.result.length === 0) return 'no series';
      return table(
        data.result.map(({ metric, value }) => [metric, value] as const),
        false,
      );
    case 'matrix':
      if (data.result.length === 0) return 'no series';
      return table(
        data.result.flatMap(({ metric, values }) => values.map((value) => [metric, value] as const)),
        true,
      );
    default:
      throw new Error(
        `unknown result type ${JSON.stringify((data satisfies never as { resultType: string }).resultType)}`,
      );
  }
}

/** A column per label that occurs, then the time (of a range) and the value. */
function table(rows: readonly (readonly [Metric, Point])[], withTime: boolean): string {
  const names = new Set<string>();
  for (const [metric] of rows) for (const name of Object.keys(metric)) names.add(name);
  const labels = [...names].sort((a, b) => (a === '__name__' ? -1 : b === '__name__' ? 1 : a < b ? -1 : 1));
  const header = [
    ...labels.map((name) => (name === '__name__' ? 'metric' : name)),
    ...(withTime ? ['time'] : []),
    'value',
  ];
  return formatTable(
    header,
    rows.map(([metric, [time, value]]) => [
      ...labels.map((name) => metric[name] ?? ''),
      ...(withTime ? [new Date(time * 1000).toISOString()] : []),
      value,
    ]),
  );
}
