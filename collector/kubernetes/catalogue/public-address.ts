import { BlockList, isIP } from 'node:net';

/** Ranges that are not routed on the Internet (RFC 1918, 6598, 3927, 4193, …). */
const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['224.0.0.0', 3],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv4');
}

/** Whether it is an IP address that the Internet can reach. */
export function isPublicAddress(text: string): boolean {
  switch (isIP(text)) {
    case 4:
      return !PRIVATE.check(text, 'ipv4');
    case 6:
      // Global unicast.
      return /^[23]/.test(text);
    default:
      return false;
  }
}
