import { Agent, request } from 'node:https';
import type { KeyPair } from '../../alerting/autoscaling/certificates/issue-certificate.ts';
import { appOf, namespaceOf, PODS_METRIC } from './scaled-cluster.ts';

export interface ApiPollerOptions {
  readonly port: number;
  /** The certificate of the API server's front proxy. */
  readonly client: KeyPair;
  /** PEM of the authority of the server. */
  readonly ca: string;
  readonly servername: string;
  /** Items that each answer must have. */
  readonly pods: number;
}

const CONNECTIONS = 16;
const TIMEOUT = 20_000;
/** As the API server passes them on for the controller of autoscalers. */
const HEADERS = {
  accept: 'application/vnd.kubernetes.protobuf, */*',
  'x-remote-user': 'system:serviceaccount:kube-system:horizontal-pod-autoscaler',
  'x-remote-group': ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
};

/** The questions of the controller of autoscalers, as the API server passes them on: over TLS, on connections that stay. */
export class ApiPoller {
  readonly #options: ApiPollerOptions;
  readonly #agent: Agent;

  constructor(options: ApiPollerOptions) {
    this.#options = options;
    const { client, ca, servername } = options;
    this.#agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, ...client, ca, servername });
  }

  questions(autoscaler: number): readonly (() => Promise<string | undefined>)[] {
    const namespace = namespaceOf(autoscaler);
    const selector = `labelSelector=${encodeURIComponent(`app=${appOf(autoscaler)}`)}`;
    const custom = `/apis/custom.metrics.k8s.io/v1beta2/namespaces/${namespace}/pods/%2A/${PODS_METRIC}?${selector}`;
    return [custom, `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods?${selector}`].map(
      (path) => () => this.#ask(path),
    );
  }

  close(): void {
    this.#agent.destroy();
  }

  #ask(path: string): Promise<string | undefined> {
    const { port, pods } = this.#options;
    return new Promise((resolve, reject) => {
      const asked = request(
        { agent: this.#agent, host: '127.0.0.1', port, path, headers: HEADERS, timeout: TIMEOUT },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => resolve(problemOf(response.statusCode, Buffer.concat(chunks).toString(), pods)));
        },
      );
      asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
      asked.on('error', reject).end();
    });
  }
}

function problemOf(status: number | undefined, text: string, pods: number): string | undefined {
  if (status !== 200) return `HTTP ${status}: ${text.slice(0, 200)}`;
  const { items } = JSON.parse(text) as { readonly items: readonly unknown[] };
  return items.length === pods ? undefined : `${items.length} items, wanted ${pods}`;
}
