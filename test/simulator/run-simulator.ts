/**
 * A simulated cluster as a process, to try by hand and for scale tests:
 *
 *     node dist/test/simulator/run-simulator.js --nodes 20 --pods 300 --port 6443 --kubeconfig FILE
 *
 * It prints one line of JSON, `{"url":…,"token":…}`, and serves until SIGINT or SIGTERM.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { selfSigned } from '../../simulator/api/self-signed.ts';
import { startSimulator } from '../../simulator/simulator.ts';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '20' },
    pods: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
    speed: { type: 'string', default: '1' },
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    'kubelet-listeners': { type: 'string', default: '0' },
    kubeconfig: { type: 'string' },
    cheap: { type: 'boolean', default: false },
    scenarios: { type: 'boolean', default: false },
    monitors: { type: 'boolean', default: false },
    // kubectl sends no token without it.
    tls: { type: 'boolean', default: false },
  },
});

function numberOf(name: 'nodes' | 'pods' | 'seed' | 'speed' | 'port' | 'kubelet-listeners'): number {
  const number = Number(values[name]);
  if (values[name] === '' || !(number >= 0)) throw new RangeError(`--${name} must be a number, got ${values[name]}`);
  return number;
}

const simulator = await startSimulator({
  nodes: numberOf('nodes'),
  pods: numberOf('pods'),
  seed: numberOf('seed'),
  speed: numberOf('speed'),
  host: values.host,
  port: numberOf('port'),
  kubeletListeners: numberOf('kubelet-listeners'),
  cheap: values.cheap,
  scenarios: values.scenarios,
  monitorObjects: values.monitors,
  ...(values.tls && { tls: selfSigned() }),
});
if (values.kubeconfig !== undefined) writeFileSync(values.kubeconfig, simulator.kubeconfig, { mode: 0o600 });
process.stdout.write(`${JSON.stringify({ url: simulator.url, token: simulator.token })}\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void simulator.close());
