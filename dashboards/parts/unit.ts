/** How values are written: the words of the metrics' catalogue to the names that Grafana has for them. */
export const UNIT = {
  /** A count of things. */
  count: 'short',
  /** As it is, without thousands or decimals made of it. */
  plain: 'none',
  cores: 'suffix:cores',
  /** 0 to 100. */
  percent: 'percent',
  /** 0 to 1. */
  ratio: 'percentunit',
  bytes: 'bytes',
  bytesPerSecond: 'Bps',
  packetsPerSecond: 'pps',
  /** Reads or writes of a device. */
  operationsPerSecond: 'iops',
  requestsPerSecond: 'reqps',
  perSecond: 'cps',
  seconds: 's',
  milliseconds: 'ms',
  /** Seconds since 1970, shown as how long ago. */
  ago: 'dateTimeFromNow',
  currency: 'currencyUSD',
} as const;

/** One of Grafana's unit names above. */
export type Unit = (typeof UNIT)[keyof typeof UNIT];
