/**
 * What is measured of everything that runs: of containers, pods, cgroup slices and nodes alike. Counters come first; units
 * are the metric's (seconds, bytes, operations). A parent's row is the sum of what runs below it.
 */
export const COLUMN = {
  cpuUser: 0,
  cpuSystem: 1,
  periods: 2,
  throttledPeriods: 3,
  throttledSeconds: 4,
  readBytes: 5,
  writeBytes: 6,
  reads: 7,
  writes: 8,
  pageFaults: 9,
  majorFaults: 10,
  limitHits: 11,
  oomKills: 12,
  receiveBytes: 13,
  transmitBytes: 14,
  receivePackets: 15,
  transmitPackets: 16,
  receiveDropped: 17,
  transmitDropped: 18,
  requests: 19,
  /** Of the requests those that found the container short of CPU. */
  slowRequests: 20,
  failedRequests: 21,
  cpuWaiting: 22,
  cpuStalled: 23,
  ioWaiting: 24,
  memoryWaiting: 25,
  // Gauges from here.
  rss: 26,
  cache: 27,
  /** The part of the cache that counts neither as used nor as working set. */
  inactiveFile: 28,
  mapped: 29,
  kernel: 30,
  fsUsage: 31,
  threads: 32,
  processes: 33,
  sockets: 34,
  files: 35,
  maxUsage: 36,
  gpuUtilisation: 37,
  gpuMemory: 38,
} as const;

export type Column = (typeof COLUMN)[keyof typeof COLUMN];

export const COUNTERS = 26;
export const COLUMNS = 39;
