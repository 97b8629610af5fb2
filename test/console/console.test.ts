import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pageFiles } from '../../cli/page.ts';
import { type RunningPharos, startPharos } from '../replay/pharos.ts';
import { buildConsole } from './built-console.ts';
import { findChromium } from './find-chromium.ts';
import { firstLoads } from './first-load.ts';
import { PageInspection } from './page-inspection.ts';

const CHROMIUM = findChromium(process.env);
const SOURCE = path.join(import.meta.dirname, '../../console/src/app/sections.ts');
/** The addresses of the navigation, and the pages that need no object to be there. */
const PATHS = [...readFileSync(SOURCE, 'utf8').matchAll(/path: '(\/[^':]*)'/g)].map(([, address]) => address!);
/** A server that serves no autoscalers, or whose store is in memory and tells nothing of itself, says so with a 404. */
const EXPECTED = /404 .*\/api\/v1\/(autoscaling|status\/(storage|cardinality))\b/;
/** The styles of all components of Mantine, and the names that it gives its classes. */
const STYLES = createRequire(import.meta.url).resolve('@mantine/core/styles.css');
const CLASS = /\.m_[0-9a-f]+/g;
const QUERY = '/explore?g0.expr=up&g1.expr=up&g1.tab=table&g2.expr=sum(up)&g2.tab=explain';

let directory: string;
beforeAll(async () => {
  directory = await buildConsole();
}, 120_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('loads first less than 300 kB, compressed', () => {
  const loads = firstLoads(directory);
  expect(loads.map((load) => load.path)).toEqual(expect.arrayContaining([...PATHS, '/pods/:cluster/:namespace/:pod']));
  for (const { path: address, files, brotli, gzip } of loads) {
    expect(files.map((name) => path.extname(name))).toEqual(expect.arrayContaining(['.css', '.html', '.js']));
    expect(brotli, address).toBeLessThan(300_000);
    // The editor of PromQL alone is 125 kB.
    expect(gzip, address).toBeLessThan(files.some((name) => name.includes('explore-page')) ? 350_000 : 300_000);
  }
});

it('is built for use, though a test builds it', () => {
  expect(process.env.NODE_ENV).toBe('test');
  expect(bundled('.js')).not.toMatch(/jsxDEV|react-stack-bottom-frame/);
});

it('has the styles of each component that it uses, in the order of the library', () => {
  const library = [...new Set(readFileSync(STYLES, 'utf8').match(CLASS))];
  const used = new Set(
    bundled('.js')
      .match(/\bm_[0-9a-f]+\b/g)!
      .map((name) => `.${name}`),
  );
  const here = [...new Set(bundled('.css').match(CLASS))];
  const needed = library.filter((name) => used.has(name));
  expect(needed.length).toBeGreaterThan(100);
  expect(needed.filter((name) => !here.includes(name))).toEqual([]);
  expect(here).toEqual(library.filter((name) => here.includes(name)));
});

/** All files of one kind in the bundle, together. */
function bundled(extension: '.js' | '.css'): string {
  const assets = path.join(directory, 'assets');
  const names = readdirSync(assets).filter((name) => name.endsWith(extension));
  return names.map((name) => readFileSync(path.join(assets, name), 'utf8')).join('\n');
}

describe.skipIf(CHROMIUM === undefined)('in Chromium (PHAROS_CHROMIUM)', () => {
  let pharos: RunningPharos;
  let browser: Browser;

  beforeAll(async () => {
    const config = path.join(directory, 'pharos.yml');
    writeFileSync(
      config,
      `global: { scrape_interval: 1s, scrape_timeout: 1s }
host_metrics: { enabled: false }
builtin_rules: false
scrape_configs:
  - job_name: nobody
    static_configs: [{ targets: ['127.0.0.1:9'] }]
`,
    );
    pharos = await startPharos(config, pageFiles({ isSimulated: false, directory }));
    browser = await chromium.launch({ executablePath: CHROMIUM!, args: ['--no-sandbox'] });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await pharos?.close();
  });

  const open = (scheme: 'light' | 'dark', width: number): Promise<PageInspection> =>
    PageInspection.open(browser, { scheme, width }, { origin: pharos.url, expected: EXPECTED });

  it.each([
    ['light', 1440],
    ['dark', 390],
  ] as const)(
    'every page is without errors and can be used by everyone, %s and %d pixels wide',
    async (scheme, width) => {
      expect(PATHS.length).toBeGreaterThan(10);
      const inspection = await open(scheme, width);
      const found: string[] = [];
      for (const address of [...PATHS, QUERY]) {
        const { faults } = await inspection.inspect(address);
        found.push(...faults.map((fault) => `${address}: ${fault}`));
      }
      await inspection.page.close();
      expect(found).toEqual([]);
    },
    150_000,
  );

  it.each([
    ['light', 1440],
    ['dark', 390],
  ] as const)(
    'a place is gone to by its name, %s and %d pixels wide',
    async (scheme, width) => {
      const inspection = await open(scheme, width);
      const { page } = inspection;
      await inspection.visit('/targets?from=now-6h');
      // Not while somebody types.
      const filter = page.getByRole('searchbox', { name: 'Filter Targets' });
      await filter.press('Control+k');
      const search = page.getByRole('combobox', { name: 'Go to' });
      expect(await search.count()).toBe(0);
      await filter.blur();
      // What is typed before it is there is not lost.
      await page.route(/go-to-dialog/, async (route) => {
        await page.waitForTimeout(300);
        await route.continue();
      });
      await page.keyboard.press('Control+k');
      await page.keyboard.type('gst');
      await search.waitFor();
      expect(await search.inputValue()).toBe('gst');
      await search.fill('');
      const places = page.getByRole('listbox', { name: 'Places' }).getByRole('option');
      expect(await places.count()).toBe(PATHS.length);
      expect((await inspection.judge()).faults).toEqual([]);
      await page.keyboard.type('st');
      await places.filter({ hasText: 'Status' }).waitFor();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      const heading = page.getByRole('heading', { level: 1, name: 'Status' });
      await heading.waitFor();
      await expect
        .poll(() => heading.evaluate((element) => element === element.ownerDocument.activeElement))
        .toBe(true);
      expect(page.url()).toBe(`${pharos.url}/status?from=now-6h`);

      await page.getByRole('button', { name: 'Go to…' }).click();
      await search.fill('no such place');
      await page.getByText('Nothing is called like that.').waitFor();
      await page.keyboard.press('Escape');
      await search.waitFor({ state: 'detached' });
      await page.keyboard.press('g');
      await page.keyboard.press('t');
      await page.getByRole('heading', { level: 1, name: 'Targets' }).waitFor();
      await page.close();
    },
    60_000,
  );

  it('a query is completed, run, shared and gone back to', async () => {
    const { page, faults } = await open('light', 1440);
    await page.goto(`${pharos.url}/graph?g0.expr=up&g0.tab=1`);
    await page.getByRole('table', { name: 'Values of up' }).getByText('nobody').waitFor();
    expect(new URL(page.url()).pathname).toBe('/explore');

    const editor = page.getByRole('textbox', { name: 'PromQL of query 1' });
    await editor.click();
    await page.keyboard.press('Control+a');
    await page.keyboard.type('scrape_samples_scr', { delay: 20 });
    await page.getByRole('option', { name: /scrape_samples_scraped/ }).waitFor();
    await page.keyboard.press('Control+a');
    await page.keyboard.type('count(up{job="nobody"', { delay: 5 });
    await page.keyboard.press('Escape');
    await page.keyboard.press('End');
    await page.getByRole('button', { name: 'Run' }).click();
    await page.getByRole('table', { name: /^Values of count/ }).waitFor();
    expect(new URL(page.url()).searchParams.get('g0.expr')).toBe('count(up{job="nobody"})');

    await page.goBack();
    await page.getByRole('table', { name: 'Values of up' }).waitFor();
    expect(await editor.textContent()).toBe('up');
    expect(faults).toEqual([]);
    await page.close();
  }, 60_000);

  it('what is wrong with a query is marked where it is', async () => {
    const { page } = await open('dark', 1440);
    await page.goto(`${pharos.url}/explore?g0.expr=${encodeURIComponent('rate(up)')}`);
    await page.getByRole('alert').getByText('1:6').waitFor();
    await page.locator('.cm-lintRange-error', { hasText: 'up' }).waitFor();
    await page.close();
  }, 60_000);
});
