import { parentPort, workerData } from 'node:worker_threads';
import { selfSigned } from '../simulator/api/self-signed.ts';
import { startSimulator } from '../simulator/simulator.ts';
import type { DemoOptions, DemoReady } from './demo.ts';

/** The thread of --demo: plays the cluster until it is terminated. */
const { nodes, pods } = workerData as DemoOptions;
// kubectl sends no token without TLS.
const tls = selfSigned();
const simulator = await startSimulator({ nodes, pods, seed: 1, host: '127.0.0.1', port: 0, scenarios: true, tls });

// Something to find from the first minutes on, before chance lets anything happen. Very small clusters have no such workloads.
const { clock, scenarios } = simulator.world;
const happens = (after: number, event: () => void) =>
  clock.after(after, () => {
    try {
      event();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  });
happens(30_000, () => scenarios.crashLoop('shop/Deployment/cart', { duration: 3_600_000 }));
happens(45_000, () => scenarios.oomKill('shop/Deployment/catalogue'));

parentPort!.postMessage({ url: simulator.url, ca: tls.cert, token: simulator.token } satisfies DemoReady);
