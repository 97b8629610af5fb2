import type { IncomingHttpHeaders } from 'node:http';
import type { Logger } from 'pino';
import type { QueryRequest, QueryStats } from '../query-result.ts';

/** What a query of the API cost, and whose it was. Durations in milliseconds. */
export interface QueryCost {
  readonly took: number;
  /** How long of that it waited for its turn. */
  readonly queued: number;
  /** Undefined when it failed. */
  readonly stats?: QueryStats;
  readonly error?: unknown;
  readonly headers: IncomingHttpHeaders;
}

/** A longer expression is cut: some are generated. */
const EXPRESSION_LENGTH = 2000;

/** Writes a line about every query that took too long, with the dashboard and the panel that Grafana says it is from. */
export class SlowQueryLog {
  readonly #logger: Logger;
  readonly #threshold: number;

  /** `threshold` in milliseconds. */
  constructor(logger: Logger, threshold: number) {
    this.#logger = logger;
    this.#threshold = threshold;
  }

  note(request: QueryRequest, cost: QueryCost): void {
    const { took, queued, stats, error, headers } = cost;
    if (took < this.#threshold) return;
    const { expr } = request;
    this.#logger.warn(
      {
        expr: expr.length > EXPRESSION_LENGTH ? `${expr.slice(0, EXPRESSION_LENGTH)}…` : expr,
        ...(request.kind === 'instant'
          ? { time: iso(request.time) }
          : { start: iso(request.start), end: iso(request.end), stepSeconds: request.step / 1000 }),
        seconds: took / 1000,
        queuedSeconds: queued / 1000,
        ...(stats && {
          samplesRead: stats.samplesRead,
          seriesRead: stats.seriesRead,
          peakSamples: stats.peakSamples,
        }),
        ...(error === undefined ? {} : { error: error instanceof Error ? error.message : String(error) }),
        ...source(headers),
      },
      'slow query',
    );
  }
}

/** The headers that Grafana's data source sends with the queries of a panel. */
const SOURCES = { dashboard: 'x-dashboard-uid', panel: 'x-panel-id', rule: 'x-rule-uid', userAgent: 'user-agent' };

function source(headers: IncomingHttpHeaders): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, header] of Object.entries(SOURCES)) {
    const value = headers[header];
    if (typeof value === 'string') found[name] = value.slice(0, 200);
  }
  return found;
}

/** Times that no Date can tell are written as they are. */
function iso(time: number): string {
  return Number.isFinite(time) && Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : String(time);
}
