import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pageFiles } from '../../cli/page.ts';
import { type RunningPharos, startPharos } from '../replay/pharos.ts';
import { buildConsole } from './built-console.ts';
import { findChromium } from './find-chromium.ts';
import { firstLoad } from './first-load.ts';
import { PageInspection } from './page-inspection.ts';

const CHROMIUM = findChromium(process.env);
const SOURCE = path.join(import.meta.dirname, '../../console/src/app/sections.ts');
/** The addresses of the navigation, and the pages that need no object to be there. */
const PATHS = [...readFileSync(SOURCE, 'utf8').matchAll(/path: '(\/[^':]*)'/g)].map(([, address]) => address!);
/** A server that serves no autoscalers, or whose store is in memory and tells nothing of itself, says so with a 404. */
const EXPECTED = /404 .*\/api\/v1\/(autoscaling|status\/(storage|cardinality))\b/;
const QUERY = '/explore?g0.expr=up&g1.expr=up&g1.tab=table&g2.expr=sum(up)&g2.tab=explain';

let directory: string;
beforeAll(async () => {
  directory = await buildConsole();
}, 120_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('loads first less than 300 kB', () => {
  const files = firstLoad(directory);
  expect(files.map(({ name }) => path.extname(name)).sort()).toEqual(expect.arrayContaining(['.css', '.html', '.js']));
  expect(files.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(300_000);
});

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
