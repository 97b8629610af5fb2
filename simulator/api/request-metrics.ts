/** What a request was, as the labels of the API server's own metrics say it. */
export interface RequestLabels {
  /** GET, LIST, WATCH, POST, PUT, PATCH, APPLY, DELETE, DELETECOLLECTION or CONNECT. */
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  /** `resource`, `namespace` or `cluster`; '' for what is no resource. */
  readonly scope: string;
}

const BOUNDS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];

/** The lowest bound of the histogram about objectives. */
const SLI_LOWEST = 0.05;

interface Total {
  readonly labels: RequestLabels;
  readonly code: number;
  count: number;
  /** Of them, those that came over the network. */
  asked: number;
}

interface Durations {
  readonly labels: RequestLabels;
  readonly buckets: number[];
  sum: number;
  count: number;
}

/** Counts requests and their durations under the names that the real API server uses. */
export class RequestMetrics {
  readonly #totals = new Map<string, Total>();
  readonly #durations = new Map<string, Durations>();
  readonly #inFlight = { mutating: 0, readOnly: 0 };

  begin(mutating: boolean): void {
    this.#inFlight[mutating ? 'mutating' : 'readOnly']++;
  }

  end(mutating: boolean): void {
    this.#inFlight[mutating ? 'mutating' : 'readOnly']--;
  }

  get inFlight(): number {
    return this.#inFlight.mutating + this.#inFlight.readOnly;
  }

  /**
   * `seconds` from the request's arrival to its answer's end. `simulated`: nobody asked over the network; a component of the
   * cluster would have.
   */
  observe(labels: RequestLabels, code: number, seconds: number, { simulated = false } = {}): void {
    const { verb, group, version, resource, subresource, scope } = labels;
    const key = `${verb} ${group} ${version} ${resource} ${subresource} ${scope}`;
    const total = this.#totals.get(`${key} ${code}`);
    const asked = simulated ? 0 : 1;
    if (total === undefined) this.#totals.set(`${key} ${code}`, { labels, code, count: 1, asked });
    else {
      total.count++;
      total.asked += asked;
    }
    let durations = this.#durations.get(key);
    if (durations === undefined) {
      durations = { labels, buckets: BOUNDS.map(() => 0), sum: 0, count: 0 };
      this.#durations.set(key, durations);
    }
    const bucket = BOUNDS.findIndex((bound) => seconds <= bound);
    if (bucket >= 0) durations.buckets[bucket]!++;
    durations.sum += seconds;
    durations.count++;
  }

  /** How many requests came over the network and were answered, by verb and resource and code. */
  counts(): readonly { readonly labels: RequestLabels; readonly code: number; readonly count: number }[] {
    return [...this.#totals.values()].flatMap(({ labels, code, asked }) =>
      asked === 0 ? [] : [{ labels, code, count: asked }],
    );
  }

  /** The lines of these metrics in Prometheus' exposition format. */
  lines(): readonly string[] {
    const durations = [...this.#durations.values()];
    const totals = [...this.#totals.values()];
    // What the real server's objectives are about: no watches, and nothing that others answer.
    const objectives = durations.filter(({ labels }) => labels.verb !== 'WATCH' && labels.verb !== 'CONNECT');
    const terminated = totals.filter(({ code }) => code === 429 || code === 504);
    const line = (name: string, { labels, code, count }: Total) =>
      `${name}{code="${code}",${labelText(labels)}} ${count}`;
    return [
      '# HELP apiserver_request_total Requests answered, by verb, resource, scope and HTTP status.',
      '# TYPE apiserver_request_total counter',
      ...totals.map((total) => line('apiserver_request_total', total)),
      '# HELP apiserver_request_terminations_total Requests that the server gave up or did not begin.',
      '# TYPE apiserver_request_terminations_total counter',
      ...terminated.map((total) => line('apiserver_request_terminations_total', total)),
      '# HELP apiserver_request_duration_seconds Time until a request was answered, by verb, resource and scope.',
      '# TYPE apiserver_request_duration_seconds histogram',
      ...durations.flatMap((one) => histogram('apiserver_request_duration_seconds', one, 0)),
      '# HELP apiserver_request_sli_duration_seconds The same without watches and proxied requests.',
      '# TYPE apiserver_request_sli_duration_seconds histogram',
      ...objectives.flatMap((one) => histogram('apiserver_request_sli_duration_seconds', one, SLI_LOWEST)),
      '# HELP apiserver_current_inflight_requests Requests that are being answered, by kind.',
      '# TYPE apiserver_current_inflight_requests gauge',
      `apiserver_current_inflight_requests{request_kind="mutating"} ${this.#inFlight.mutating}`,
      `apiserver_current_inflight_requests{request_kind="readOnly"} ${this.#inFlight.readOnly}`,
    ];
  }
}

function histogram(name: string, { labels, buckets, sum, count }: Durations, lowest: number): readonly string[] {
  const text = labelText(labels);
  const lines: string[] = [];
  let cumulated = 0;
  for (const [i, bound] of BOUNDS.entries()) {
    cumulated += buckets[i]!;
    if (bound >= lowest) lines.push(`${name}_bucket{${text},le="${bound}"} ${cumulated}`);
  }
  lines.push(
    `${name}_bucket{${text},le="+Inf"} ${count}`,
    `${name}_sum{${text}} ${sum}`,
    `${name}_count{${text}} ${count}`,
  );
  return lines;
}

function labelText({ verb, group, version, resource, subresource, scope }: RequestLabels): string {
  return `component="apiserver",dry_run="",group="${group}",resource="${resource}",scope="${scope}",subresource="${subresource}",verb="${verb}",version="${version}"`;
}
