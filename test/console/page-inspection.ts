import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';

/** How a page is looked at. */
export interface PageLook {
  readonly scheme: 'light' | 'dark';
  /** Pixels. */
  readonly width: number;
}

export interface InspectionOptions {
  /** Errors in the browser's console that are no faults. */
  readonly expected?: RegExp | undefined;
  /** Milliseconds that a page may take until it has its title, and again until it has its data. Default: 15 s. */
  readonly patience?: number;
}

/** What is wrong with a page, and what is less than good. */
export interface PageFindings {
  readonly faults: readonly string[];
  readonly remarks: readonly string[];
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const HEIGHT = 900;
/** Nothing is asked for this long once all is there. */
const QUIET = 400;

/**
 * A page of a browser with a note of all that goes wrong in it: errors in its console, exceptions, requests that fail, and requests that leave
 * `origin`. Its owner closes `page`.
 */
export class PageInspection {
  readonly page: Page;
  readonly #origin: string;
  readonly #expected: RegExp | undefined;
  readonly #patience: number;
  #expectedHere: RegExp | undefined;
  #faults: string[] = [];
  #lastRequest = 0;
  #open = 0;

  private constructor(page: Page, origin: string, options: InspectionOptions) {
    this.page = page;
    this.#origin = new URL(origin).origin;
    this.#expected = options.expected;
    this.#patience = options.patience ?? 15_000;
    this.#listen();
  }

  static async open(
    browser: Browser,
    { scheme, width }: PageLook,
    { origin, ...options }: InspectionOptions & { readonly origin: string },
  ): Promise<PageInspection> {
    const page = await browser.newPage({
      colorScheme: scheme,
      viewport: { width, height: HEIGHT },
      reducedMotion: 'reduce',
    });
    return new PageInspection(page, origin, options);
  }

  /** What has gone wrong since the last address was opened. */
  get faults(): readonly string[] {
    return this.#faults;
  }

  /** Opens an address, waits for its data, and says what is wrong with it. `expected` are errors of this address that are no faults. */
  async inspect(address: string, expected?: RegExp): Promise<PageFindings> {
    this.#expectedHere = expected;
    await this.visit(address);
    return this.judge();
  }

  /** Says what is wrong with the page as it is now, and what has gone wrong since its address was opened. */
  async judge(): Promise<PageFindings> {
    const { faults, remarks } = await axeFindings(this.page);
    const tooWide = await this.page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    if (tooWide > 0) faults.push(`${tooWide} pixels wider than the window`);
    return { faults: [...this.#faults, ...faults], remarks };
  }

  /** Opens an address and waits until it has its title and all it loads. */
  async visit(address: string): Promise<void> {
    this.#faults = [];
    await this.page.goto(this.#origin + address);
    await this.page
      .locator('main h1, main h2')
      .first()
      .waitFor({ timeout: this.#patience })
      .catch(() => this.#faults.push(`no title after ${this.#patience / 1000} s`));
    await this.settle();
  }

  /** Waits until nothing is asked for any more and nothing says that it is being loaded. */
  async settle(): Promise<void> {
    const deadline = Date.now() + this.#patience;
    const isBusy = async (): Promise<boolean> =>
      this.#open > 0 ||
      Date.now() - this.#lastRequest < QUIET ||
      (await this.page.locator('main .mantine-Loader-root').count()) > 0;
    while (await isBusy()) {
      if (Date.now() > deadline) {
        this.#faults.push(`still loading after ${this.#patience / 1000} s`);
        return;
      }
      await this.page.waitForTimeout(50);
    }
  }

  /** A picture of the whole page, with all that is loaded when it comes into view. The window's height is the same afterwards. */
  async shoot(file: string): Promise<void> {
    const { width } = this.page.viewportSize()!;
    for (let tries = 0; tries < 3; tries++) {
      const height = await this.page.evaluate<number>('document.documentElement.scrollHeight');
      if (height <= this.page.viewportSize()!.height) break;
      await this.page.setViewportSize({ width, height: Math.min(height, 12_000) });
      await this.page.waitForTimeout(100);
      await this.settle();
    }
    await this.page.screenshot({ path: file });
    await this.page.setViewportSize({ width, height: HEIGHT });
  }

  #listen(): void {
    this.page.on('console', (message) => {
      const text = `${message.text()} (${message.location().url})`;
      const isExpected = this.#expected?.test(text) === true || this.#expectedHere?.test(text) === true;
      if (message.type() === 'error' && !isExpected) this.#faults.push(text);
    });
    this.page.on('pageerror', (error) => this.#faults.push(error.message));
    this.page.on('request', (request) => {
      this.#open++;
      this.#lastRequest = Date.now();
      const { protocol, origin } = new URL(request.url());
      if (protocol !== 'data:' && protocol !== 'blob:' && origin !== this.#origin)
        this.#faults.push(`asks another origin: ${request.url()}`);
    });
    const over = (): void => {
      this.#open--;
      this.#lastRequest = Date.now();
    };
    this.page.on('requestfinished', over);
    this.page.on('requestfailed', (request) => {
      over();
      const why = request.failure()?.errorText ?? '';
      // What is not wanted any more is given up.
      if (why !== 'net::ERR_ABORTED') this.#faults.push(`${why}: ${request.url()}`);
    });
  }
}

/** What axe finds: what keeps somebody from using a page is a fault, what makes it harder a remark. */
async function axeFindings(page: Page): Promise<{ readonly faults: string[]; readonly remarks: string[] }> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run({ resultTypes: ['violations'] }),
  );
  const found: { faults: string[]; remarks: string[] } = { faults: [], remarks: [] };
  for (const { id, impact, help, nodes } of violations) {
    const isFault = impact === 'serious' || impact === 'critical';
    const where = nodes.map(({ html }) => html.slice(0, 160)).join(' | ');
    (isFault ? found.faults : found.remarks).push(`axe, ${impact}: ${id}: ${help}: ${where}`);
  }
  return found;
}
