/** A request that the API server passes on to a kubelet, a pod or a service. */
export interface ProxyRequest {
  readonly kind: 'node' | 'pod' | 'service';
  /** '' for nodes. */
  readonly namespace: string;
  readonly name: string;
  /** Number or name as the path gave it; undefined when it gave none. */
  readonly port: string | undefined;
  /** Behind `proxy`, beginning with a slash, without the query. */
  readonly path: string;
}

export interface ProxyResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What the world answers. A kubelet that hangs never answers: callers need a timeout. */
export type Proxy = (request: ProxyRequest) => ProxyResponse | Promise<ProxyResponse>;

export function textResponse(status: number, text: string): ProxyResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: Buffer.from(text) };
}

/** A page in Prometheus' text format. */
export function metricsResponse(body: Buffer): ProxyResponse {
  return { status: 200, headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }, body };
}
