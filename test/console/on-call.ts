/**
 * Somebody on call, in Chromium, to be run by hand after a build:
 *
 *     node dist/test/console/on-call.js [--keep] [--screenshots DIRECTORY]
 *
 * A simulated cluster in which one Deployment crash-loops, and a Pharos server that watches it. A user opens the console, finds the
 * pod among all pods, reads its charts, makes a policy for it from its page, tries the policy before saving it, sees it fire and silences it. Prints
 * each step with its time; exits 1 when one has failed or the browser had errors to tell.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { Children } from '../../bench/children.ts';
import { freePort } from '../../bench/contenders/contender.ts';
import { startPharosServer } from '../../bench/contenders/pharos.ts';
import { selfSigned } from '../../simulator/api/self-signed.ts';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';
import { expected, Steps, until } from '../alerting/life/steps.ts';
import { say, toolRun } from '../tool-run.ts';

const { values } = parseArgs({
  options: { keep: { type: 'boolean', default: false }, screenshots: { type: 'string' } },
});

const CHROMIUM = process.env.PHAROS_CHROMIUM ?? '/usr/bin/chromium';
const NAME = 'CrashLooping';
const METRIC = 'k8s_pod_status_ready';
/** A page with its data on a busy machine. */
const PATIENCE = 40_000;
/** Until the end of a period, and until its samples are known to be there. */
const FIRES = 150_000;

interface ShownAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly status: { readonly state: string; readonly silencedBy: readonly string[] };
}

async function run(children: Children, directory: string): Promise<boolean> {
  if (!existsSync(CHROMIUM)) {
    say(
      `skipped: somebody on call in the console needs Chromium; there is none at ${CHROMIUM}, PHAROS_CHROMIUM may name it`,
    );
    return true;
  }
  const simulator = await startSimulator({ nodes: 3, pods: 20, tls: selfSigned(), step: 2_000, housekeeping: 1_000 });
  let browser: Browser | undefined;
  try {
    const workload = crashing(simulator);
    const url = await startPharos(simulator, { children, directory });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(PATIENCE);
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(`${page.url()}: ${message.text()}`);
    });
    page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.message}`));
    const steps = new Steps();
    await onCall(steps, { page, url, workload });
    for (const complaint of complaints) say(`the browser: ${complaint}`);
    say(steps.summary());
    return steps.failed === 0 && complaints.length === 0;
  } finally {
    await browser?.close();
    await simulator.close();
  }
}

async function onCall(
  steps: Steps,
  { page, url, workload }: { readonly page: Page; readonly url: string; readonly workload: string },
): Promise<void> {
  let pod = '';
  await steps.run('finds the pod that crash-loops', async () => {
    await page.goto(`${url}/`);
    await page.getByRole('link', { name: 'Pods', exact: true }).click();
    const pods = page.getByRole('table', { name: 'Pods' });
    await pods.waitFor();
    // Between its starts it is in back-off; while it runs it is not.
    await page.goto(`${url}/pods?status=CrashLoopBackOff`);
    const link = pods.getByRole('link').filter({ hasText: workload }).first();
    await until('a pod in back-off', 120_000, async () => {
      const isThere = await link.waitFor({ timeout: 20_000 }).then(
        () => true,
        () => false,
      );
      if (!isThere) await page.reload();
      return isThere || undefined;
    });
    const { pathname } = new URL((await link.getAttribute('href')) ?? '', page.url());
    pod = decodeURIComponent(pathname.split('/').at(-1)!);
    await shoot(page, 'pods');
    await link.click();
    await page.getByRole('heading', { level: 1, name: pod }).waitFor();
    return pod;
  });

  await steps.run('reads why, and its charts', async () => {
    await page.getByText(/^Why: /).waitFor();
    const chart = page.locator('.uplot').first();
    await chart.scrollIntoViewIfNeeded().catch(() => undefined);
    await page.mouse.wheel(0, 1_200);
    await chart.locator('canvas').waitFor();
    await shoot(page, 'pod');
    const why = ((await page.getByText(/^Why: /).textContent()) ?? '').trim();
    return `${why}; ${await page.locator('.uplot').count()} charts are drawn`;
  });

  await steps.run('makes a policy for it, and tries it before it is saved', async () => {
    await page.getByRole('link', { name: 'Make a policy for this' }).click();
    await page.getByRole('heading', { level: 1, name: 'New policy' }).waitFor();
    await page.getByText(pod, { exact: true }).first().waitFor();
    await page.getByRole('button', { name: 'Save policy' }).click();
    await page.getByText('A policy needs a name.').first().waitFor();
    await page.getByRole('textbox', { name: 'Name' }).fill(NAME);
    await page.getByPlaceholder('Search the catalogue').fill(METRIC);
    await page.getByRole('option', { name: METRIC }).click();
    await page.getByRole('textbox', { name: 'Thresholds: serious' }).fill('1');
    await page.getByRole('button', { name: 'Dry run' }).click();
    const preview = page.getByTestId('preview');
    await preview.waitFor();
    await preview.locator('.uplot canvas').first().waitFor();
    await shoot(page, 'policy');
    const told = (await preview.locator('p').first().textContent()) ?? '';
    await page.getByRole('button', { name: 'Save policy' }).click();
    await page.getByRole('heading', { level: 1, name: NAME }).waitFor();
    return told;
  });

  await steps.run('sees it fire', async () => {
    await page.getByText('1 firing').first().waitFor({ timeout: FIRES });
    await page.getByRole('link', { name: 'Alerts', exact: true }).click();
    await page.getByRole('link', { name: NAME }).first().click();
    await page.getByRole('heading', { level: 1, name: NAME }).waitFor();
    await page.getByText('firing', { exact: true }).first().waitFor();
    await shoot(page, 'alert');
    return undefined;
  });

  await steps.run('silences it', async () => {
    await page.getByRole('button', { name: 'Silence' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Author' }).fill('on-call');
    await dialog.getByRole('textbox', { name: 'Comment' }).fill('The bad version is being rolled back.');
    await dialog.getByRole('button', { name: 'Silence' }).click();
    await page.getByText('silenced', { exact: true }).first().waitFor();
    await shoot(page, 'silenced');
    const filter = encodeURIComponent(`alertname="${NAME}"`);
    const alerts = (await (await fetch(`${url}/api/v2/alerts?filter=${filter}`)).json()) as readonly ShownAlert[];
    expected(alerts.length === 1, `there must be one alert, got ${alerts.length}`);
    const [alert] = alerts;
    expected(alert!.labels.pod === pod, `it must be about ${pod}, got ${alert!.labels.pod}`);
    expected(alert!.status.state === 'suppressed', `it must be suppressed, got ${alert!.status.state}`);
    return `by ${alert!.status.silencedBy.length} silence`;
  });
}

/** Lets a Deployment that has one replica at least crash for as long as this may take; gives its name. */
function crashing({ world }: Simulator): string {
  const [deployment] = world.store
    .list('deployments.apps', { sorted: true })
    .filter(({ metadata }) => metadata.namespace !== 'kube-system');
  if (deployment === undefined) throw new Error('the simulated cluster has no Deployment');
  const { namespace, name } = deployment.metadata;
  world.scenarios.crashLoop(`${namespace}/Deployment/${name}`, { duration: 1_800_000 });
  return name;
}

async function startPharos(
  simulator: Simulator,
  { children, directory }: { readonly children: Children; readonly directory: string },
): Promise<string> {
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, simulator.kubeconfig, { mode: 0o600 });
  const config = join(directory, 'pharos.yml');
  writeFileSync(
    config,
    `host_metrics: {enabled: false}
builtin_rules: false
kubernetes:
  scrape_interval: 5s
  scrape_timeout: 5s
  clusters:
    - {name: simulated, kubeconfig_file: ${kubeconfig}, node_access: proxy}
`,
  );
  const dataDir = join(directory, 'data');
  mkdirSync(dataDir);
  const port = await freePort();
  await startPharosServer({ children, config, dataDir, log: join(directory, 'pharos.log'), port });
  return `http://127.0.0.1:${port}`;
}

async function shoot(page: Page, name: string): Promise<void> {
  const directory = values.screenshots;
  if (directory === undefined) return;
  mkdirSync(directory, { recursive: true });
  await page.screenshot({ path: join(directory, `${name}.png`) });
}

await toolRun({ name: 'pharos-on-call', keep: values.keep, run });
