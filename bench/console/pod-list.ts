import { type CDPSession, chromium, type Page } from 'playwright-core';
import { formatTable } from '../../cli/table.ts';

export interface PodListOptions {
  /** The browser's program. */
  readonly chromium: string;
  readonly url: string;
  /** How many the list has. */
  readonly pods: number;
  /** Seconds that an Overview is open, seen and hidden. */
  readonly duration: number;
  readonly print: (line: string) => void;
  /** The server's CPU so far, in seconds. */
  readonly cpu: () => number;
}

const MIB = 2 ** 20;
const PATIENCE = 60_000;
const ROW = 'table[aria-label="Pods"] tbody tr';

// What runs in the page is text: it is of another world than this module.
const WATCH_LONG_TASKS = `globalThis.longTasks = [];
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) globalThis.longTasks.push(duration);
  }).observe({ type: 'longtask', buffered: true });`;
const HIDE = `Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' });
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
  document.dispatchEvent(new Event('visibilitychange'));`;

/** Looks at the list of pods and at an Overview as a user does, and prints what they take. */
export async function inChromium(options: PodListOptions): Promise<void> {
  const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(PATIENCE);
    await page.addInitScript(WATCH_LONG_TASKS);
    await podList(page, options);
    await overview(page, options);
  } finally {
    await browser.close();
  }
}

async function podList(page: Page, { url, pods, print }: PodListOptions): Promise<void> {
  const rows: string[][] = [];
  const step = async (what: string, act: () => Promise<unknown>, seen: () => Promise<unknown>): Promise<void> => {
    const before = (await longTasks(page)).length;
    const began = performance.now();
    await act();
    await seen();
    const took = performance.now() - began;
    const tasks = (await longTasks(page)).slice(what.startsWith('navigation') ? 0 : before);
    const blocked = tasks.reduce((sum, task) => sum + task, 0);
    rows.push([what, took.toFixed(0), String(tasks.length), Math.max(0, ...tasks).toFixed(0), blocked.toFixed(0)]);
  };
  const first = page.locator(ROW).first();
  /** Rows that are of what is asked for, and not of what was before. */
  const fresh = (text: RegExp) => async (): Promise<void> => {
    await page.locator('table[aria-label="Pods"]:not([data-old])').waitFor();
    await first.filter({ hasText: text }).waitFor();
  };
  const count = (total: RegExp) => page.getByRole('status').filter({ hasText: total }).first().waitFor();
  await step('navigation, the first time', () => page.goto(`${url}/pods`), fresh(/service/));
  await step('navigation again', () => page.reload(), fresh(/service/));
  await count(new RegExp(`^${pods.toLocaleString('en')} rows`));
  await step(
    'a filter typed',
    () => page.getByRole('searchbox').pressSequentially('service-77', { delay: 30 }),
    () => count(/^(?!\d,)\d{1,3} rows$/),
  );
  await step(
    'the filter taken away',
    () => page.getByRole('searchbox').fill(''),
    () => count(new RegExp(`^${pods.toLocaleString('en')} rows`)),
  );
  const name = async (): Promise<string> => (await first.locator('td').first().textContent()) ?? '';
  const changed = (before: string) => async (): Promise<void> => {
    await first.filter({ hasNotText: before }).waitFor();
    await page.locator('table[aria-label="Pods"]:not([data-old])').waitFor();
  };
  const cpu = page.getByRole('button', { name: 'CPU', exact: true });
  await step('another order', () => cpu.click(), changed(await name()));
  await step(
    'the next page',
    () => page.getByRole('button', { name: 'page 2', exact: true }).click(),
    changed(await name()),
  );
  await step(
    'the last page',
    () => page.getByRole('button', { name: 'page 100', exact: true }).click(),
    changed(await name()),
  );
  print(formatTable(['the list of pods', 'ms', 'long tasks', 'longest, ms', 'all, ms'], rows));
  const session = await page.context().newCDPSession(page);
  const heap = await heapOf(session);
  const elements = await page.evaluate<number>("document.querySelectorAll('*').length");
  print(`the page: ${(heap / MIB).toFixed(1)} MiB of heap, ${elements} elements`);
}

async function overview(page: Page, { url, duration, print, cpu }: PodListOptions): Promise<void> {
  const rows: string[][] = [];
  const open = async (what: string): Promise<void> => {
    let requests = 0;
    const count = (): void => {
      requests++;
    };
    page.on('request', count);
    const before = cpu();
    await page.waitForTimeout(duration * 1000);
    page.off('request', count);
    rows.push([what, ((cpu() - before) * (60 / duration)).toFixed(2), (requests * (60 / duration)).toFixed(0)]);
  };
  await page.goto('about:blank');
  await open('nobody looks');
  await page.goto(url);
  await page.waitForTimeout(15_000);
  await open('an Overview');
  // Playwright brings no tab to the background: the page is told that it is hidden.
  await page.evaluate(HIDE);
  await page.waitForTimeout(5_000);
  await open('an Overview, hidden');
  print(formatTable(['with', "server's CPU s a minute", 'requests a minute'], rows));
}

function longTasks(page: Page): Promise<readonly number[]> {
  return page.evaluate<readonly number[]>('globalThis.longTasks ?? []').catch(() => []);
}

/** After a collection. */
async function heapOf(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.enable');
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return usedSize;
}
