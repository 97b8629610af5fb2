import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A receiver of webhooks that counts the alerts it is told of. */
export interface WebhookCounter {
  readonly url: string;
  /** Different firing alerts of these names so far, webhooks, and when the last new alert came (Unix milliseconds). */
  count(prefix: string): { readonly alerts: number; readonly webhooks: number; readonly last: number };
  close(): void;
}

interface Body {
  readonly alerts?: readonly { readonly status: string; readonly labels: Readonly<Record<string, string>> }[];
}

/** Listens on the loopback interface. */
export async function startWebhookCounter(): Promise<WebhookCounter> {
  const seen = new Map<string, number>();
  let webhooks = 0;
  const server: Server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      response.end();
      webhooks++;
      const { alerts = [] } = JSON.parse(Buffer.concat(pieces).toString()) as Body;
      for (const { status, labels } of alerts) {
        const key = JSON.stringify(labels);
        if (status === 'firing' && !seen.has(key)) seen.set(key, Date.now());
      }
    });
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    count(prefix) {
      const times = [...seen].filter(([key]) => key.includes(`"alertname":"${prefix}`)).map(([, time]) => time);
      return { alerts: times.length, webhooks, last: times.reduce((a, b) => Math.max(a, b), 0) };
    },
    close: () => server.close(),
  };
}
