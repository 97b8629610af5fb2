import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PageFault, ScalingBed, type ScrapedThing, STEP } from './scaling-bed.case.ts';

const MINUTE = 60_000;
/** Longer than any bound of freshness. */
const LONG = 2 * MINUTE;
const LOAD = 1.9;

let bed: ScalingBed;

/** Of every app. */
function each<T>(value: T): Record<string, T> {
  return Object.fromEntries([...bed.apps.keys()].map((name) => [name, value]));
}

interface Happening {
  begin(): void | Promise<void>;
  end(): void | Promise<void>;
  /** What autoscalers of these apps say at its end. Default: they see what they saw before. */
  readonly says?: Readonly<Record<string, RegExp>>;
}

/** Nothing falls while a fault lasts, nor when it is over, and then the truth is seen again. */
async function keeps(milliseconds: number, { begin, end, says = {} }: Happening): Promise<void> {
  expect(bed.replicas()).toEqual(each(4));
  bed.setStabilization(0);
  await begin();
  try {
    expect(await bed.pass(milliseconds)).toEqual(each(4));
    for (const [name, what] of Object.entries(says)) expect(bed.says(name), name).toMatch(what);
  } finally {
    await end();
  }
  expect(await bed.pass(2 * MINUTE)).toEqual(each(4));
  expect(bed.replicas()).toEqual(each(4));
  for (const [name, part] of Object.entries(bed.seen())) expect(part, name).toBeCloseTo(0.95, 1);
}

function pages(fault: PageFault, says?: Happening['says']): Happening {
  return {
    begin: () => {
      bed.fault = fault;
    },
    end: () => {
      bed.fault = {};
    },
    ...(says !== undefined && { says }),
  };
}

const isOnOne = ({ node }: ScrapedThing): boolean => node === 'w1';

describe('no replica is taken away because of', () => {
  beforeAll(async () => {
    bed = await ScalingBed.start();
  });
  afterAll(() => bed.close());

  it('a scrape that is missed once', () => keeps(STEP, pages({ fails: isOnOne })));

  it('a node of which nothing can be scraped', () =>
    keeps(
      LONG,
      pages(
        { fails: isOnOne },
        {
          resource: /^200 True/,
          pods: /^200 True/,
          'pods-expression': /^200 True/,
          object: /^404 False: .*its series has ended/,
          'object-expression': /^404 False: .*the scrape of object-expression-1 \(job web\) failed/,
          external: /^404 False: .*the scrape of queue-1 \(job queue\) failed/,
          held: /^200 True/,
        },
      ),
    ));

  it('everything being gone', () =>
    keeps(
      LONG,
      pages(
        { fails: () => true },
        {
          resource: /^404 False/,
          container: /^404 False/,
          pods: /^404 False/,
          'pods-expression': /^404 False/,
          object: /^404 False/,
          'object-expression': /^404 False/,
          external: /^404 False/,
          held: /^200 True/,
        },
      ),
    ));

  it('values that are no numbers', () =>
    keeps(
      LONG,
      pages(
        { page: (thing, text) => (isOnOne(thing) ? text.replace(/ [\d.e+-]+$/gm, ' NaN') : text) },
        { resource: /^200 True/, external: /^404 False: .*NaN/, held: /^200 True/ },
      ),
    ));

  it('a pod without a sample of CPU', () =>
    keeps(
      LONG,
      pages({ page: (thing, text) => (isOnOne(thing) ? text.replace(/^(kubelet_)?container_cpu.*\n/gm, '') : text) }),
    ));

  it('a store that is down: what is in memory goes on', () =>
    keeps(LONG, {
      begin: () => {
        bed.isStoreDown = true;
      },
      end: () => {
        bed.isStoreDown = false;
      },
      says: { resource: /^200 True/, pods: /^200 True/, 'object-expression': /^200 True/, external: /^200 True/ },
    }));

  it('a server that is cut off from the store', () =>
    keeps(LONG, {
      begin: () => {
        bed.servers[0]!.isCutOff = true;
      },
      end: () => {
        bed.servers[0]!.isCutOff = false;
      },
      says: {
        resource: /^503 False: .*cut off/,
        pods: /^503 False: .*cut off/,
        'pods-expression': /^503 False/,
        object: /^503 False/,
        external: /^503 False/,
        held: /^200 True/,
      },
    }));

  it('a second server, out of phase, restarted without memory, and cut off', async () => {
    await bed.clock.advance(7_000);
    bed.servers.push(await bed.server());
    await bed.clock.advance(8_000);
    await keeps(MINUTE, {
      begin: async () => {
        await bed.servers[1]!.close();
        bed.servers[1] = await bed.server();
      },
      end: () => undefined,
    });
    await keeps(LONG, {
      begin: () => {
        bed.servers[1]!.isCutOff = true;
      },
      end: () => {
        bed.servers[1]!.isCutOff = false;
      },
    });
    await bed.servers.pop()!.close();
  });

  it('a value that is held, nor of one that is held no more', () =>
    keeps(4 * MINUTE, pages({ fails: ({ kind }) => kind === 'queue' }, { held: /^404 False/ })));

  it('any of these, and all scale up and down with the load afterwards', async () => {
    bed.setStabilization(2 * MINUTE);
    bed.setLoad(2 * LOAD);
    await bed.pass(3 * MINUTE);
    for (const [name, replicas] of Object.entries(bed.replicas())) expect(replicas, name).toBeGreaterThan(6);
    bed.setLoad(LOAD);
    await bed.pass(6 * MINUTE);
    expect(bed.replicas()).toEqual(each(4));
  });
});

it('replicas are taken away where zero stands for what is missing', async () => {
  bed = await ScalingBed.start(['pods', 'object', 'external']);
  bed.onAnswer = (path, answer) => {
    if (answer.status === 200) return answer;
    const [, name] = /\/(?:pods|statefulsets\.apps|namespaces)\/([^/]+)\/[^/]+$/.exec(path) ?? [];
    return { status: 200, body: { items: [{ describedObject: { name }, value: '0', timestamp: '' }] } };
  };
  bed.fault = { fails: () => true };
  const least = await bed.pass(LONG);
  await bed.close();
  expect(least).toMatchObject({ object: 1, external: 1 });
});

it('every row of the table has its test', () => {
  const page = readFileSync(new URL('../../docs/autoscaling-faults.md', import.meta.url), 'utf8');
  const here = readFileSync(new URL(import.meta.url), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| ') && line.endsWith(' |'));
  expect(rows.length).toBeGreaterThan(10);
  for (const row of rows.slice(1)) {
    const name = row.slice(0, -2).split(' | ').at(-1)!;
    expect(here, row).toContain(`it('${name}'`);
  }
});
