import { parentPort, workerData } from 'node:worker_threads';
import { startSimulator } from '../simulator/simulator.ts';
import type { DemoOptions, DemoReady } from './demo.ts';

/** The thread of --demo: plays the cluster until it is terminated. */
const { nodes, pods } = workerData as DemoOptions;
const simulator = await startSimulator({ nodes, pods, seed: 1, host: '127.0.0.1', port: 0, scenarios: true });
parentPort!.postMessage({ url: simulator.url, token: simulator.token } satisfies DemoReady);
