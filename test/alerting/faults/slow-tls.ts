import { selfSigned } from '../../../simulator/api/self-signed.ts';
import { CutProxy } from '../../cut-proxy.ts';
import { AlertBed } from './alert-bed.ts';
import type { AlertFault } from './alert-fault.ts';
import { comeAndGo } from './come-and-go.ts';
import { FaultReceiver } from './fault-receiver.ts';
import { checksOf } from './verdict.ts';

const STALLS = 30_000;
const WITHIN = 25_000;

/** A wire on which the handshake of TLS never goes on, for a while. */
export const slowTls: AlertFault = {
  name: 'slow-tls',
  about: 'connections are accepted, the handshake of TLS stalls for a while',
  async run(surroundings) {
    const certificate = selfSigned();
    const bed = new AlertBed(surroundings, new FaultReceiver(certificate));
    await bed.open();
    const wire = new CutProxy({ host: '127.0.0.1', port: bed.receiver.port });
    await wire.open();
    try {
      const ca = certificate.cert.trimEnd().split('\n');
      await bed.server({
        receiver: `https://127.0.0.1:${wire.port}`,
        webhook: ['timeout: 3s', 'http_config:', '  tls_config:', '    ca: |', ...ca.map((line) => `      ${line}`)],
      });
      for (const id of ['stays', 'ends-meanwhile']) bed.target.fire(id, 'before');
      await bed.until(() => bed.receiver.knows('Faulty/ends-meanwhile', 'firing'));
      await wire.cut('hang');
      bed.target.end('ends-meanwhile');
      const came = bed.receiver.calls.length;
      await comeAndGo(bed.target, 'meanwhile', STALLS);
      const through = bed.receiver.calls.length - came;
      await wire.open();
      const healed = Date.now();
      await bed.settle({ healed });
      bed.target.endAll();
      const found = await bed.settle({ healed });
      return [
        ...checksOf(found, { within: WITHIN, onlyEnds: true }),
        { what: 'nothing came through meanwhile', good: through === 0, found: String(through) },
      ];
    } finally {
      await bed.close();
      await wire.close();
    }
  },
};
