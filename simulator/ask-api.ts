import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AskApi } from './world/autoscaling/metrics-reader.ts';

const TIMEOUT_MS = 10_000;
const MOST_BYTES = 32 * 1024 * 1024;

/** Asks an API server as the autoscaler of the controller manager does. Rejects after ten seconds or 32 MiB. */
export function askApi({
  url,
  token,
  ca,
}: {
  readonly url: string;
  readonly token: string;
  readonly ca: string | undefined;
}): AskApi {
  return (path) =>
    new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${token}`,
        accept: 'application/vnd.kubernetes.protobuf, */*',
        'user-agent': 'kube-controller-manager/v1.33.4 (linux/amd64)/horizontal-pod-autoscaler',
      };
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const request = url.startsWith('https:')
        ? httpsRequest(url + path, { headers, signal, agent: false, ...(ca !== undefined && { ca }) })
        : httpRequest(url + path, { headers, signal, agent: false });
      request.on('error', reject);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > MOST_BYTES)
            response.destroy(new Error(`the answer to ${path} is larger than ${MOST_BYTES} bytes`));
          else chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          let body: unknown = null;
          try {
            body = JSON.parse(text);
          } catch {
            // Not every refusal is JSON; the status says enough.
          }
          resolve({ status: response.statusCode ?? 0, body });
        });
      });
      request.end();
    });
}
