import type { PageInspection } from './page-inspection.ts';

/** A page to look at. The name is that of its pictures. */
export interface PageAddress {
  readonly name: string;
  readonly address: string;
  /** Errors in the browser's console that belong to it. */
  readonly expected?: RegExp;
}

/** What sections show besides what they open with. */
const VIEWS: readonly PageAddress[] = [
  { name: 'alerts-history', address: '/alerts?view=history' },
  { name: 'alerts-silences', address: '/alerts?view=silences' },
  { name: 'policy-new', address: '/policies/new' },
  { name: 'targets-cardinality', address: '/targets?tab=cardinality' },
  {
    name: 'explore-graph',
    address: `/explore?g0.expr=${encodeURIComponent('sum by (job) (scrape_samples_scraped)')}&g1.expr=up&g1.tab=table`,
  },
  {
    name: 'explore-explain',
    address: `/explore?g0.expr=${encodeURIComponent('sum by (job) (rate(scrape_samples_scraped[5m])) / 2')}&g0.tab=explain`,
  },
  {
    name: 'explore-error',
    address: `/explore?g0.expr=${encodeURIComponent('sum(rate(up))')}`,
    expected: /400 .*\/api\/v1\/query_range/,
  },
  { name: 'no-such-page', address: '/explore/nowhere' },
];

/** Where details are found: the first link of a page whose path looks so. A `from` that begins with `#` is the detail of that name. */
const DETAILS: readonly { readonly name: string; readonly from: string; readonly path: RegExp }[] = [
  { name: 'cluster', from: '/', path: /^\/clusters\/[^/]+$/ },
  { name: 'node', from: '/nodes', path: /^\/nodes\/[^/]+\/[^/]+$/ },
  ...['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob'].map((kind) => ({
    name: `workload-${kind.toLowerCase()}`,
    from: `/workloads?kind=${kind}`,
    path: new RegExp(`^/workloads/[^/]+/[^/]+/${kind}/[^/]+$`),
  })),
  { name: 'pod', from: '/pods?status=Running', path: /^\/pods\/[^/]+\/[^/]+\/[^/]+$/ },
  { name: 'pod-crash-looping', from: '/pods?status=CrashLoopBackOff', path: /^\/pods\/[^/]+\/[^/]+\/[^/]+$/ },
  { name: 'container', from: '#pod', path: /^\/pods\/[^/]+\/[^/]+\/[^/]+\/[^/]+$/ },
  { name: 'alert', from: '/alerts', path: /^\/alerts\/[^/]+$/ },
  { name: 'policy', from: '/policies', path: /^\/policies\/(?!new$)[^/]+$/ },
];

/**
 * The addresses of a console that runs: each section of its navigation, their other views, and one detail of each kind that it has something of,
 * as far as `part` is in their names. `missing` are the kinds of which it has nothing.
 */
export async function pageAddresses(
  inspection: PageInspection,
  part = '',
): Promise<{ readonly found: readonly PageAddress[]; readonly missing: readonly string[] }> {
  const { page } = inspection;
  await inspection.visit('/');
  const sections = (await linksOf(inspection, 'nav[aria-label="Sections"] a[href]')).map(({ pathname }) => ({
    name: pathname === '/' ? 'overview' : pathname.slice(1),
    address: pathname,
  }));
  const details = new Map<string, string>();
  const missing: string[] = [];
  const wanted = DETAILS.filter(({ name }) => name.includes(part));
  const origins = wanted.map(({ from }) => from);
  for (const detail of DETAILS) {
    const { name, from, path } = detail;
    if (!wanted.includes(detail) && !origins.includes(`#${name}`)) continue;
    const start = from.startsWith('#') ? details.get(from.slice(1)) : from;
    if (start !== undefined) await inspection.visit(start);
    const links = start === undefined ? [] : await linksOf(inspection, 'main a[href]');
    const link = links.find(({ pathname }) => path.test(pathname));
    if (link === undefined) missing.push(name);
    else details.set(name, link.pathname);
  }
  if ('autoscaler'.includes(part)) {
    // It is no page of its own: its address is known once it has been opened.
    await inspection.visit('/autoscaling');
    const autoscaler = page.locator('main table button[aria-haspopup=dialog]').first();
    if ((await autoscaler.count()) > 0) {
      await autoscaler.click();
      const { pathname, search } = new URL(page.url());
      details.set('autoscaler', pathname + search);
    } else missing.push('autoscaler');
  }
  const found = [...sections, ...VIEWS, ...[...details].map(([name, address]) => ({ name, address }))];
  return {
    found: found.filter(({ name }) => name.includes(part)).sort((a, b) => (a.address < b.address ? -1 : 1)),
    missing,
  };
}

async function linksOf({ page }: PageInspection, selector: string): Promise<readonly URL[]> {
  const links = await page.locator(selector).all();
  const found = await Promise.all(links.map((link) => link.getAttribute('href')));
  return found.map((href) => new URL(href ?? '', page.url()));
}
