import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Counts what is asked for. */
export interface RequestMeter {
  /** A request has come. Returns what to call when it has been answered, or its client went away (`code` 499). */
  began(): (api: string, code: number, seconds: number) => void;
  /** Requests that are being answered. */
  readonly running: number;
}

export function requestMeter(registry: Registry): RequestMeter {
  let running = 0;
  const requests = new Counter({
    name: 'pharos_metrics_apis_requests_total',
    help: 'Requests to the Kubernetes metrics APIs that were answered, by what was asked for and the status code.',
    labelNames: ['api', 'code'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'pharos_metrics_apis_request_duration_seconds',
    help: 'How long requests to the Kubernetes metrics APIs took, with authentication and authorization.',
    labelNames: ['api'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30],
    registers: [registry],
  });
  new Gauge({
    name: 'pharos_metrics_apis_requests_running',
    help: 'Requests to the Kubernetes metrics APIs that are being answered.',
    registers: [registry],
    collect() {
      this.set(running);
    },
  });
  return {
    began() {
      running++;
      return (api, code, seconds) => {
        running--;
        requests.inc({ api, code: String(code) });
        duration.observe({ api }, seconds);
      };
    },
    get running() {
      return running;
    },
  };
}
