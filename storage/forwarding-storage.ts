import { StorageError } from './errors.ts';
import type { RemoteWrite } from './remote/remote-write.ts';
import type { Storage } from './storage.ts';

/**
 * A Storage that keeps nothing here but what is on its way: everything is appended to be sent, and every question is answered
 * with a StorageError that says whom to ask.
 */
export function createForwardingStorage(
  appender: Storage['appender'],
  remotes: readonly Pick<RemoteWrite, 'flush' | 'close'>[],
): Storage {
  const refuse = () => {
    const message = 'this collector keeps no samples; ask the server that it sends them to';
    return Promise.reject(new StorageError('unavailable', message));
  };
  const refuseAll = async function* () {
    yield await refuse();
  };
  return {
    appender,
    querier: { select: refuse, series: refuse, labelNames: refuse, labelValues: refuse, metadata: refuse },
    alertLog: {
      ...{ append: refuse, latest: refuse, find: refuse, alerts: refuseAll },
      ...{ newestFrom: refuse, states: refuseAll, standing: refuseAll },
    },
    eventLog: undefined,
    documentLog: { append: refuse, latest: refuse, versions: refuse, written: refuse },
    notificationLog: { append: refuse, latest: refuse, find: refuse },
    leaseLog: undefined,
    async flush(signal) {
      await Promise.all(remotes.map((remote) => remote.flush(signal)));
    },
    deleteSamples: refuse,
    async close(timeout) {
      await Promise.all(remotes.map((remote) => remote.close(timeout)));
    },
  };
}
