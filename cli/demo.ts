import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { PLAIN_HTTP_CLIENT } from '../collector/http-transport.ts';
import type { ApiServerAccess } from '../collector/kubernetes/kube-access.ts';
import { Secret } from '../collector/secret.ts';
import { kubeconfigOf } from '../simulator/api/kubeconfig.ts';
import type { ServerOptions } from './server-options.ts';

/** A simulated cluster that runs beside the server. */
export interface Demo {
  readonly access: ApiServerAccess;
  readonly url: string;
  readonly nodes: number;
  readonly pods: number;
  /** For kubectl: with all rights, readable by this user only. Absolute. */
  readonly kubeconfig: string;
  close(): Promise<void>;
}

/** What the thread is told. */
export interface DemoOptions {
  readonly nodes: number;
  readonly pods: number;
}

/** What it answers when the cluster can be reached. */
export interface DemoReady {
  readonly url: string;
  /** PEM: who has signed its certificate. */
  readonly ca: string;
  readonly token: string;
}

const START_TIMEOUT = 60_000;

/**
 * Starts a simulated cluster in a thread of its own, so that its work never delays the server's. It listens on loopback, and leaves a kubeconfig
 * in the data directory.
 */
export async function startDemo(
  {
    demoNodes: nodes = 20,
    demoPods: pods = 300,
    dataDir,
  }: Pick<ServerOptions, 'demoNodes' | 'demoPods'> & { readonly dataDir: string },
  logger: Logger,
): Promise<Demo> {
  const options: DemoOptions = { nodes, pods };
  const worker = new Worker(workerFile(), { workerData: options });
  const started = new AbortController();
  const timer = setTimeout(() => started.abort(), START_TIMEOUT);
  try {
    const [ready] = (await Promise.race([
      once(worker, 'message', { signal: started.signal }),
      once(worker, 'exit', { signal: started.signal }).then(([code]) => {
        throw new Error(`the simulated cluster ended with exit code ${code} before it was ready`);
      }),
    ])) as [DemoReady];
    worker.on('error', (error) => logger.error({ err: error }, 'the simulated cluster has ended'));
    const credentials = new Secret(ready.token);
    const kubeconfig = path.join(dataDir, 'demo.kubeconfig');
    await mkdir(dataDir, { recursive: true });
    // One that is there keeps its rights when it is written to.
    await rm(kubeconfig, { force: true });
    await writeFile(kubeconfig, kubeconfigOf(ready, ready.token), { mode: 0o600 });
    return {
      url: ready.url,
      nodes,
      pods,
      kubeconfig,
      access: {
        kind: 'api-server',
        url: ready.url,
        client: {
          ...PLAIN_HTTP_CLIENT,
          tls: { ...PLAIN_HTTP_CLIENT.tls, ca: ready.ca },
          authorization: { type: 'Bearer', credentials, credentialsFile: undefined },
        },
      },
      async close() {
        worker.removeAllListeners();
        await worker.terminate();
      },
    };
  } catch (error) {
    await worker.terminate();
    if (started.signal.aborted) throw new Error(`the simulated cluster was not ready within ${START_TIMEOUT} ms`);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** The compiled program beside this one, or the source when this runs from source. */
function workerFile(): string {
  const compiled = fileURLToPath(new URL('./demo-worker.js', import.meta.url));
  return existsSync(compiled) ? compiled : fileURLToPath(new URL('./demo-worker.ts', import.meta.url));
}
