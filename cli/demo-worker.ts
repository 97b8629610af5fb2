import { parentPort, workerData } from 'node:worker_threads';
import { selfSigned } from '../simulator/api/self-signed.ts';
import { startSimulator } from '../simulator/simulator.ts';
import type { DemoOptions, DemoReady } from './demo.ts';

/** The thread of --demo: plays the cluster until it is terminated. */
const { nodes, pods } = workerData as DemoOptions;
// kubectl sends no token without TLS.
const tls = selfSigned();
const simulator = await startSimulator({ nodes, pods, seed: 1, host: '127.0.0.1', port: 0, scenarios: true, tls });

// Something to find in dashboards from the first minute on, besides what is always wrong. Very small clusters have no such workload.
const { clock, scenarios } = simulator.world;
clock.after(45_000, () => {
  try {
    scenarios.oomKill('shop/Deployment/catalogue');
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
});

parentPort!.postMessage({ url: simulator.url, ca: tls.cert, token: simulator.token } satisfies DemoReady);
