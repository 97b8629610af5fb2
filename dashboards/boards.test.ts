import { describe, expect, it } from 'vitest';
import { BOARDS } from './boards.ts';
import { dashboardFiles } from './dashboard-files.ts';

interface BuiltPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly panels?: readonly BuiltPanel[];
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults?: { readonly unit?: string } };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

interface BuiltDashboard {
  readonly uid: string;
  readonly title: string;
  readonly refresh: string;
  readonly links: readonly { readonly placement?: string; readonly keepTime: boolean; readonly includeVars: boolean }[];
  readonly time: { readonly from: string };
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly multi?: boolean;
      readonly type: string;
      readonly query?: string | { query: string };
    }[];
  };
  readonly panels: readonly BuiltPanel[];
}

const dashboards = [...dashboardFiles()].map(([file, text]) => ({
  file,
  text,
  built: JSON.parse(text) as BuiltDashboard,
}));
const panelsOf = (panels: readonly BuiltPanel[]): BuiltPanel[] =>
  panels.flatMap((panel) => [panel, ...panelsOf(panel.panels ?? [])]);
/** The names of Grafana's variables in a text: `$name`, `${name}`, `${name:format}`; groups of regular expressions are none. */
const variablesIn = (text: string): string[] =>
  [...text.matchAll(/\$(?:([a-zA-Z_]\w*)|\{([a-zA-Z_]\w*)[^}]*\})/g)]
    .map(([, plain, braced]) => (plain ?? braced)!)
    .filter((name) => !name.startsWith('__'));

it('gives no two dashboards the same uid or title', () => {
  for (const key of ['uid', 'title'] as const) {
    const all = dashboards.map(({ built }) => built[key]);
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBe(BOARDS.length);
  }
});

it('leads every link to a dashboard that exists, with variables that it has', () => {
  const variables = new Map(
    dashboards.map(({ built }) => [built.uid, ['datasource', ...built.templating.list.map(({ name }) => name)]]),
  );
  const wrong: string[] = [];
  let links = 0;
  for (const { file, text } of dashboards) {
    for (const [link, uid, search] of text.matchAll(/"\/d\/([^?"]*)(?:\?([^"]*))?"/g)) {
      links++;
      const names = [...(search ?? '').matchAll(/var-(\w+)=/g)].map(([, name]) => name!);
      if (names.some((name) => !variables.get(uid!)?.includes(name)) || !variables.has(uid!))
        wrong.push(`${file}: ${link}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(links).toBeGreaterThan(dashboards.length);
});

it('says in every link of a value which object is meant, and takes the time range and the data source along', () => {
  // Variables that have one value, without which a dashboard would show another object than the one clicked on.
  const needed = new Map(
    dashboards.map(({ built }) => {
      const one = built.templating.list.filter(({ type, multi }) => type !== 'textbox' && multi !== true);
      return [built.uid, one.map(({ name }) => name)];
    }),
  );
  const incomplete: string[] = [];
  for (const { file, text } of dashboards) {
    for (const [link, uid, search] of text.matchAll(/"\/d\/([^?"]*)\?([^"]*)"/g)) {
      const missing = needed.get(uid!)!.filter((name) => !search!.includes(`var-${name}=`));
      if (missing.length > 0 || !search!.includes(`$\{__url_time_range}`))
        incomplete.push(`${file}: ${link}: ${missing}`);
    }
  }
  expect(incomplete).toEqual([]);
});

describe.each(dashboards)('$file', ({ built, text }) => {
  const panels = panelsOf(built.panels);

  it('has a uid that Grafana takes: at most 40 letters, digits, - and _', () => {
    expect(built.uid).toMatch(/^pharos-[a-z-]{1,33}$/);
  });

  it('has panels with ids of their own, descriptions, and queries with names of their own', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { type, title, description, targets = [] } of panels) {
      if (type === 'row') continue;
      expect(description, title).toMatch(/\w{3}/);
      expect(targets.length, title).toBeGreaterThan(0);
      expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length);
    }
  });

  it('has a unit for every panel but tables, which have one for every column', () => {
    const without = panels.filter(({ type, fieldConfig }) => {
      return type !== 'row' && type !== 'table' && !fieldConfig?.defaults?.unit;
    });
    expect(without.map(({ title }) => title)).toEqual([]);
  });

  it('uses no variable that it does not define, and defines none that it does not use', () => {
    const defined = built.templating.list.map(({ name }) => name);
    expect(variablesIn(text).filter((name) => !defined.includes(name))).toEqual([]);
    expect(defined.filter((name) => !variablesIn(text).includes(name))).toEqual([]);
  });

  it('has variables that name only those before them', () => {
    const before = new Set<string>();
    for (const { name, query = '' } of built.templating.list) {
      for (const used of variablesIn(typeof query === 'string' ? query : query.query))
        expect([...before]).toContain(used);
      before.add(name);
    }
  });

  it('shows the last hour, refreshes every 30 s, and has at most a dozen panels on the first screen', () => {
    expect(built.time.from).toBe('now-1h');
    expect(built.refresh).toBe('30s');
    // A laptop shows about 20 rows of the grid; what is in view by less than half is not counted.
    const first = built.panels.filter(({ type, gridPos: { y, h } }) => type !== 'row' && y + h / 2 < 20);
    expect(first.length).toBeLessThanOrEqual(12);
  });

  it('has links in the bar at its top, which take variables and the time range along', () => {
    expect(built.links.length).toBeGreaterThan(0);
    for (const link of built.links) {
      expect(link).toMatchObject({ keepTime: true, includeVars: true });
      // The only placement that Grafana knows is a menu that is closed.
      expect(link.placement).toBeUndefined();
    }
  });

  it('has panels that do not overlap', () => {
    const boxes = built.panels.map(({ gridPos }) => gridPos);
    const overlapping = built.panels.filter(({ gridPos: { x, y, w, h } }, index) => {
      return boxes.slice(0, index).some((o) => x < o.x + o.w && o.x < x + w && y < o.y + o.h && o.y < y + h);
    });
    expect(overlapping.map(({ title }) => title)).toEqual([]);
    expect(Math.max(...boxes.map(({ x, w }) => x + w))).toBeLessThanOrEqual(24);
  });
});
