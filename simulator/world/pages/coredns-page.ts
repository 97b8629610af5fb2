import { type ComponentOptions, writeOwnProcess } from './component.ts';
import { exponential, SECONDS, writeHistogram } from './histogram.ts';
import type { PageWriter } from './page-writer.ts';
import { steadyGrowth } from './steady-growth.ts';

/** The page of a CoreDNS pod. */
export function writeCoreDns(writer: PageWriter, options: ComponentOptions): void {
  const { container, now, pods } = options;
  const since = container.startedAt;
  const grow = (rate: number, name: string) => Math.floor(steadyGrowth(rate, { since, now, key: container.id + name }));
  const total = grow(0.6 * pods, 'requests');
  const family = (type: 'counter' | 'gauge', name: string, samples: readonly (readonly [string, number])[]) => {
    writer.family(`coredns_${name}`, type, `CoreDNS figure ${name}.`);
    for (const [labels, value] of samples) writer.sample(`coredns_${name}${labels === '' ? '' : `{${labels}}`}`, value);
  };
  const server = 'server="dns://:53"';
  family('gauge', 'build_info', [['goversion="go1.23.3",revision="51e11f166",version="1.12.0"', 1]]);
  family('counter', 'dns_requests_total', [
    [`family="1",proto="udp",${server},type="A",view="",zone="."`, Math.floor(total * 0.55)],
    [`family="1",proto="udp",${server},type="AAAA",view="",zone="."`, Math.floor(total * 0.45)],
  ]);
  family(
    'counter',
    'dns_responses_total',
    [
      ['NOERROR', 0.6],
      ['NXDOMAIN', 0.398],
      ['SERVFAIL', 0.002],
    ].map(
      ([code, share]) =>
        [`plugin="",rcode="${code}",${server},view="",zone="."`, Math.floor(total * Number(share))] as const,
    ),
  );
  for (const [name, median, bounds] of [
    ['dns_request_duration_seconds', 0.0003, exponential(0.00025, 2, 16)],
    ['dns_request_size_bytes', 60, [0, 100, 200, 300, 400, 511, 1023]],
    ['dns_response_size_bytes', 120, [0, 100, 200, 300, 400, 511, 1023]],
  ] as const) {
    writer.family(`coredns_${name}`, 'histogram', `CoreDNS figure ${name}.`);
    writeHistogram(writer, `coredns_${name}`, {
      labels: `proto="udp",${server},zone="."`,
      bounds: [...bounds],
      count: total,
      median,
    });
  }
  family('counter', 'cache_hits_total', [
    [`${server},type="success",view="",zones="."`, Math.floor(total * 0.8)],
    [`${server},type="denial",view="",zones="."`, Math.floor(total * 0.1)],
  ]);
  family('counter', 'cache_misses_total', [[`${server},view="",zones="."`, Math.floor(total * 0.1)]]);
  family('gauge', 'cache_entries', [
    [`${server},type="success",view="",zones="."`, 400],
    [`${server},type="denial",view="",zones="."`, 120],
  ]);
  family('counter', 'panics_total', [['', 0]]);
  writer.family(
    'coredns_forward_request_duration_seconds',
    'histogram',
    'CoreDNS figure forward_request_duration_seconds.',
  );
  writeHistogram(writer, 'coredns_forward_request_duration_seconds', {
    labels: 'rcode="NOERROR",to="10.0.0.2:53"',
    bounds: SECONDS,
    count: total * 0.1,
    median: 0.002,
  });
  writeOwnProcess(writer, options, 40);
}
