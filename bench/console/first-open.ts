import { type Browser, chromium, type Page } from 'playwright-core';
import { formatTable } from '../../cli/table.ts';

export interface FirstOpenOptions {
  /** The browser's program. */
  readonly chromium: string;
  readonly url: string;
  /** How often each page is opened. */
  readonly rounds: number;
  readonly print: (line: string) => void;
}

/** Milliseconds since the navigation began. */
interface Opening {
  readonly paint: number;
  /** When the page itself was there and drawn, not only the frame around it: from then on it can be used. */
  readonly page: number;
  /** When the last task of over 50 ms had ended, with all data there: from then on nothing is held up. */
  readonly quiet: number;
  readonly kilobytes: number;
}

const PAGES = ['/', '/pods', '/explore', '/alerts'];
/** A page is watched until nothing was asked and no task was long for this time, in milliseconds. */
const QUIET = 1_000;

// What runs in the page is text: it is of another world than this module.
const WATCH = `globalThis.opening = { heading: 0, longTasks: [] };
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) globalThis.opening.longTasks.push(startTime + duration);
  }).observe({ type: 'longtask', buffered: true });
  new MutationObserver((_, self) => {
    if (document.querySelector('main h1, main [aria-label="PromQL of query 1"]') === null) return;
    globalThis.opening.heading = performance.now();
    self.disconnect();
  }).observe(document, { childList: true, subtree: true });`;
const READ = `({ ...globalThis.opening, paint: performance.getEntriesByName('first-contentful-paint')[0].startTime })`;

/**
 * Opens pages with an empty cache, as somebody does who comes for the first time, and prints when they could be used. That they are watched
 * takes some of the time.
 */
export async function firstOpen({ chromium: program, url, rounds, print }: FirstOpenOptions): Promise<void> {
  const browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox'] });
  try {
    const rows: string[][] = [];
    for (const address of PAGES) {
      const openings: Opening[] = [];
      for (let round = 0; round < rounds; round++) openings.push(await open(browser, url + address));
      rows.push([address, ...(['paint', 'page', 'quiet'] as const).map((of) => spread(openings, of))]);
      rows.at(-1)!.push(Math.max(...openings.map(({ kilobytes }) => kilobytes)).toFixed(0));
    }
    print(`pages opened with an empty cache, ${rounds} times each: median (least to most)`);
    print(formatTable(['page', 'first paint ms', 'page there ms', 'quiet ms', 'kB'], rows));
  } finally {
    await browser.close();
  }
}

async function open(browser: Browser, address: string): Promise<Opening> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  try {
    const page = await context.newPage();
    await page.addInitScript(WATCH);
    const network = await context.newCDPSession(page);
    await network.send('Network.enable');
    let bytes = 0;
    network.on('Network.loadingFinished', ({ encodedDataLength }) => {
      bytes += encodedDataLength;
    });
    await page.goto(address);
    await page.locator('main h1, main h2').first().waitFor();
    const { paint, heading, longTasks } = await whenQuiet(page);
    const drawn = Math.max(paint, heading);
    return { paint, page: drawn, quiet: Math.max(drawn, ...longTasks), kilobytes: bytes / 1000 };
  } finally {
    await context.close();
  }
}

async function whenQuiet(page: Page): Promise<{ paint: number; heading: number; longTasks: number[] }> {
  await page.waitForLoadState('networkidle');
  await page.waitForTimeout(QUIET);
  return page.evaluate(READ);
}

function spread(openings: readonly Opening[], of: keyof Opening): string {
  const sorted = openings.map((opening) => opening[of]).sort((a, b) => a - b);
  const [least, middle, most] = [sorted[0]!, sorted[sorted.length >> 1]!, sorted.at(-1)!];
  return `${middle.toFixed(0)} (${least.toFixed(0)} to ${most.toFixed(0)})`;
}
