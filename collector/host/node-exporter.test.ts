import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHostScraper } from './host-scraper.ts';

/** What node_exporter has and we do not, with the reason. */
const GAPS: readonly (readonly [families: RegExp, reason: string])[] = [
  [/^(go|process|promhttp)_/, 'of node_exporter itself'],
  [/^node_timex_/, 'the kernel tells it only through adjtimex(2), which Node cannot call'],
  [/^node_textfile_/, 'there is no directory of text files: any exporter can be scraped'],
  [/^node_systemd_/, 'needs a D-Bus connection; where systemd runs, kubelet or an exporter tells of the units'],
  [
    /^node_(bcache|btrfs|edac|fibrechannel|infiniband|ipvs|nfs|nfsd|nvme|power_supply|rapl|tape|xfs|zfs)_/,
    'rare hardware and file systems',
  ],
];

/** Gauges that move while two readers look one after the other. */
const JUMPING =
  /^node_(procs_|sockstat_|filefd_allocated|disk_io_now|scrape_|udp_queues|softnet_backlog|netstat_Tcp_CurrEstab|arp_entries|network_carrier$|nf_conntrack_entries$|memory_(MemFree|Dirty|Writeback|Active|Inactive|AnonPages|AnonHugePages|KernelStack|PageTables|Mapped|Shmem|Percpu)|cpu_(scaling_)?frequency_hertz|hwmon_|thermal_|cooling_|entropy_available|load)/;

function findBinary(): string | undefined {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of ['prometheus-node-exporter', 'node_exporter']) {
      try {
        accessSync(join(directory, name), constants.X_OK);
        return join(directory, name);
      } catch {
        // Look on.
      }
    }
  }
  return undefined;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

interface Page {
  readonly types: Map<string, string>;
  /** Name and labels in a fixed order, to the value. */
  readonly samples: Map<string, number>;
}

function parse(text: string): Page {
  const page: Page = { types: new Map(), samples: new Map() };
  for (const line of text.split('\n')) {
    const [, family, type] = /^# TYPE (\S+) (\S+)/.exec(line) ?? [];
    if (family !== undefined && type !== undefined) page.types.set(family, type);
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', labels = '', value = ''] = /^([^{ ]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].filter(([, , text]) => text !== '');
    page.samples.set(`${name}{${pairs.map(([pair]) => pair).sort()}}`, Number(value));
  }
  return page;
}

const binary = findBinary();

describe.skipIf(binary === undefined)('compared with node_exporter', () => {
  let exporter: ChildProcess;
  let theirs: Page;
  let ours: Page;

  beforeAll(async () => {
    const port = await freePort();
    exporter = spawn(binary!, [`--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' });
    const scraper = createHostScraper();
    const deadline = Date.now() + 15_000;
    for (;;) {
      try {
        const response = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(10_000) });
        theirs = parse(await response.text());
        break;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    ours = parse(new TextDecoder().decode((await scraper.scrape(AbortSignal.timeout(10_000))).bytes));
    await scraper.close();
  }, 30_000);

  afterAll(() => void exporter.kill('SIGKILL'));

  test('every family is there with the same type, or is a named gap', () => {
    const missing: string[] = [];
    for (const [family, type] of theirs.types) {
      if (GAPS.some(([families]) => families.test(family))) continue;
      if (ours.types.get(family) !== type) missing.push(`${family} ${type}, ours: ${ours.types.get(family)}`);
    }
    expect(missing).toEqual([]);
    const closed = [...ours.types.keys()].filter((family) => GAPS.some(([families]) => families.test(family)));
    expect(closed, 'named as gaps but there').toEqual([]);
  });

  test('series that both have agree within 2 %', () => {
    const different: string[] = [];
    let compared = 0;
    for (const [series, value] of theirs.samples) {
      const mine = ours.samples.get(series);
      if (mine === undefined || JUMPING.test(series)) continue;
      compared++;
      // Something happens on a machine in the second between: a few units and a second of time are no difference.
      const allowed = Math.max(0.02 * Math.max(Math.abs(value), Math.abs(mine)), slack(series));
      if (!(Math.abs(value - mine) <= allowed)) different.push(`${series} theirs ${value}, ours ${mine}`);
    }
    expect(different).toEqual([]);
    expect(compared).toBeGreaterThan(100);
  });

  test('the labels are the same', () => {
    const shape = (page: Page) => {
      const names = new Map<string, string>();
      for (const series of page.samples.keys()) {
        const name = series.slice(0, series.indexOf('{'));
        names.set(
          name,
          [...series.matchAll(/(\w+)="/g)]
            .map(([, label]) => label)
            .sort()
            .join(),
        );
      }
      return names;
    };
    const mine = shape(ours);
    const different = [...shape(theirs)].filter(
      // Info metrics have the labels that the machine's devices have, which may differ between devices.
      ([name, labels]) => mine.has(name) && !name.endsWith('_info') && mine.get(name) !== labels,
    );
    expect(different).toEqual([]);
  });
});

function slack(series: string): number {
  if (/_seconds_total\{/.test(series)) return 5;
  if (/_bytes(_total)?\{/.test(series)) return 64 * 1024 * 1024;
  if (/Octets\{/.test(series)) return 1024 * 1024;
  return /_total\{|node_(netstat|vmstat|filesystem_files)/.test(series) ? 20_000 : 0;
}
