import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** What is not the open internet (RFC 6890 and its successors): private, loopback, link-local, shared, reserved, multicast. */
const CLOSED = new BlockList();
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  CLOSED.addSubnet(net, prefix, 'ipv4');
}

/** Of the IPv6 addresses only the global unicast ones, 2000::/3, are open, and of these not all. */
const OPEN_V6 = new BlockList();
OPEN_V6.addSubnet('2000::', 3, 'ipv6');
const CLOSED_V6 = new BlockList();
for (const [net, prefix] of [
  // Teredo, ORCHID and other special purposes, documentation, and 6to4, which holds an IPv4 address.
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  CLOSED_V6.addSubnet(net, prefix, 'ipv6');
}

/**
 * Whether the address is one of the open internet. For requests to URLs that not the operator has written: nothing inside the
 * network, and no metadata service of a cloud, can be reached through them.
 */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !CLOSED.check(address, 'ipv4');
  const text = address.replace(/%.*$/, '');
  if (!isIPv6(text)) return false;
  // IPv4 in IPv6 (::ffff:10.0.0.1) is not in 2000::/3.
  return OPEN_V6.check(text, 'ipv6') && !CLOSED_V6.check(text, 'ipv6');
}
