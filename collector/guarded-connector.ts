import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';

/** A connection that was not made because its address is none of those that are allowed. */
export class AddressNotAllowed extends Error {
  override readonly name = 'AddressNotAllowed';
  readonly code = 'ERR_ADDRESS_NOT_ALLOWED';

  constructor(address: string) {
    super(`connections to ${address} are not allowed`);
  }
}

/** Connects only to addresses that are allowed, whatever name led there: what is checked is what is connected to. */
export function guardedConnector(
  options: buildConnector.BuildOptions,
  isAllowed: (address: string) => boolean,
): buildConnector.connector {
  const connect = buildConnector({ ...options, lookup: guardedLookup(isAllowed) } as buildConnector.BuildOptions);
  return (target, callback) => {
    const host = target.hostname.replace(/^\[(.*)\]$/, '$1');
    // An address is not looked up.
    if (isIP(host) !== 0 && !isAllowed(host)) {
      callback(new AddressNotAllowed(host), null);
      return;
    }
    connect(target, callback);
  };
}

type LookupCallback = Parameters<LookupFunction>[2];

function guardedLookup(isAllowed: (address: string) => boolean): LookupFunction {
  return (hostname: string, options: LookupOptions, callback: LookupCallback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses: readonly LookupAddress[]) => {
      if (error !== null) {
        callback(error, '', 0);
        return;
      }
      // One that is not allowed among others is a trick, or will be one with the next answer.
      const refused = addresses.find(({ address }) => !isAllowed(address));
      const [first] = addresses;
      if (refused !== undefined || first === undefined) {
        callback(new AddressNotAllowed(refused?.address ?? hostname), '', 0);
        return;
      }
      if (options.all === true) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    });
  };
}
