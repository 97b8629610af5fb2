/**
 * Every page of a console that runs, in Chromium, to be run by hand after a build:
 *
 *     node dist/test/console/page-tour.js --url http://127.0.0.1:9090 [--screenshots DIRECTORY] [--only PART]
 *         [--scheme light|dark] [--width 390]
 *
 * Opens each section, each of its views and one detail of each kind, in light and dark, on a laptop and on a phone. An error in the browser's
 * console, a request that fails or goes to another origin, what axe calls serious and a page wider than its window are faults; what axe calls
 * moderate is listed. With a directory a picture of each is written, and an index.html that shows all of them. Exits 1 when there is a fault.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { say } from '../tool-run.ts';
import { type PageAddress, pageAddresses } from './page-addresses.ts';
import { PageInspection, type PageLook } from './page-inspection.ts';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:9090' },
    screenshots: { type: 'string' },
    only: { type: 'string', default: '' },
    scheme: { type: 'string' },
    width: { type: 'string' },
  },
});
const CHROMIUM = process.env.PHAROS_CHROMIUM ?? '/usr/bin/chromium';
const LOOKS = (['light', 'dark'] as const)
  .flatMap((scheme) => [1440, 390].map((width): PageLook => ({ scheme, width })))
  .filter(({ scheme }) => values.scheme === undefined || values.scheme === scheme)
  .filter(({ width }) => values.width === undefined || values.width === String(width));

/** Whether all was well. */
async function run(): Promise<boolean> {
  if (!existsSync(CHROMIUM)) {
    say(`skipped: there is no Chromium at ${CHROMIUM}; PHAROS_CHROMIUM may name it`);
    return true;
  }
  const { screenshots: directory, url: origin } = values;
  if (directory !== undefined) mkdirSync(directory, { recursive: true });
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  try {
    const scout = await PageInspection.open(browser, LOOKS[0] ?? { scheme: 'light', width: 1440 }, { origin });
    const { found: pages, missing } = await pageAddresses(scout, values.only);
    await scout.page.close();
    for (const name of missing) say(`not looked at: there is no ${name} here`);
    let faults = 0;
    const remarks = new Map<string, Set<string>>();
    for (const look of LOOKS) {
      const inspection = await PageInspection.open(browser, look, { origin, patience: 30_000 });
      for (const { name, address, expected } of pages) {
        const findings = await inspection.inspect(address, expected);
        if (directory !== undefined) await inspection.shoot(join(directory, pictureOf(name, look)));
        for (const fault of findings.faults) say(`fault: ${address} (${look.scheme}, ${look.width}): ${fault}`);
        for (const remark of findings.remarks) remarks.set(remark, (remarks.get(remark) ?? new Set()).add(address));
        faults += findings.faults.length;
      }
      await inspection.page.close();
      say(`${pages.length} pages, ${look.scheme}, ${look.width} pixels wide; ${faults} faults so far`);
    }
    for (const [remark, where] of remarks) say(`remark: ${[...where].join(', ')}: ${remark}`);
    if (directory !== undefined) writeFileSync(join(directory, 'index.html'), overview(pages));
    say(`${pages.length * LOOKS.length} looked at, ${faults} faults, ${remarks.size} remarks`);
    return faults === 0 && pages.length > 0;
  } finally {
    await browser.close();
  }
}

function pictureOf(name: string, { scheme, width }: PageLook): string {
  return `${name}-${scheme}-${width}.png`;
}

/** A page with all pictures, small; each leads to its full size. */
function overview(pages: readonly PageAddress[]): string {
  const rows = pages.map(({ name, address }) => {
    const pictures = LOOKS.map((look) => pictureOf(name, look)).map(
      (file) => `<a href="${file}"><img src="${file}" alt="${file}" loading="lazy"></a>`,
    );
    return `<h2>${name} <small>${address.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</small></h2><div>${pictures.join('')}</div>`;
  });
  return `<!doctype html><meta charset="utf-8"><title>The console's pages</title><style>
body { font: 14px system-ui; margin: 16px; background: #777 }
div { display: flex; gap: 12px; align-items: start }
img { height: 420px; object-fit: cover; object-position: top; max-width: 48vw }
</style>${rows.join('\n')}\n`;
}

process.exitCode = (await run()) ? 0 : 1;
