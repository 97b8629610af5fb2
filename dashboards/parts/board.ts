import {
  type Panel as BuiltPanel,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  type GridPos,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { type BoardLink, menu, TAG, topLink } from './links.ts';
import type { Panel } from './panel.ts';
import { datasourceVariable, type Variable } from './variables.ts';

/** A dashboard as its file describes it. */
export interface Board {
  /** Never changes: addresses and links have it. `pharos-` and the name of its file. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** What is chosen at its top, after the data source; each may use those before it. */
  readonly variables: readonly Variable[];
  /** Other dashboards at its top, besides the menu of all. */
  readonly links: readonly Pick<BoardLink, 'title' | 'uid'>[];
  readonly rows: readonly Row[];
}

/** Panels under a heading. */
export interface Row {
  /** Left out, there is no heading. */
  readonly title?: string;
  /** Placed from left to right, on a new line where 24 columns are full. */
  readonly panels: readonly Panel[];
  /** True: closed to begin with; nothing in it is asked before it is opened. Needs a title. Default false. */
  readonly closed?: boolean;
}

const COLUMNS = 24;

/** A number for a panel that stays when others are added or moved: the FNV-1a hash of its title, in five digits. */
export function panelId(title: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(title)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return 10_000 + (hash % 90_000);
}

/** The dashboard as Grafana stores it. Throws when two panels share an id, which another title mends. */
export function buildBoard(board: Board): Dashboard {
  const dashboard = new DashboardBuilder(board.title)
    .uid(board.uid)
    .description(board.description)
    .tags([TAG])
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .variables([datasourceVariable(), ...board.variables])
    .links([...board.links.map(topLink), menu()]);
  const ids = new Map<number, string>();
  const identify = (title: string): number => {
    const id = panelId(title);
    const other = ids.get(id);
    if (other !== undefined) throw new Error(`${board.uid}: the panels '${other}' and '${title}' have the same id`);
    ids.set(id, title);
    return id;
  };
  let y = 0;
  for (const row of board.rows) {
    const placed = (top: number) => {
      const { positions, bottom } = place(row.panels, top);
      const panels = row.panels.map(({ title, built }, index) => {
        const panel = { ...built, id: identify(title), gridPos: positions[index]! };
        return { build: (): BuiltPanel => panel };
      });
      return { panels, bottom };
    };
    if (row.title === undefined) {
      const { panels, bottom } = placed(y);
      for (const panel of panels) dashboard.withPanel(panel);
      y = bottom;
      continue;
    }
    const heading = new RowBuilder(row.title)
      .id(identify(`row: ${row.title}`))
      .collapsed(row.closed ?? false)
      .gridPos({ x: 0, y, w: COLUMNS, h: 1 });
    const { panels, bottom } = placed(y + 1);
    if (row.closed) for (const panel of panels) heading.withPanel(panel);
    dashboard.withRow(heading);
    if (!row.closed) for (const panel of panels) dashboard.withPanel(panel);
    y = row.closed ? y + 1 : bottom;
  }
  return dashboard.build();
}

/** Puts panels from left to right below `top`; `bottom` is the first row below all of them. */
function place(panels: readonly Panel[], top: number): { positions: GridPos[]; bottom: number } {
  const positions: GridPos[] = [];
  let [x, y, lineHeight] = [0, top, 0];
  for (const { width, height } of panels) {
    if (x + width > COLUMNS) {
      y += lineHeight;
      [x, lineHeight] = [0, 0];
    }
    positions.push({ x, y, w: width, h: height });
    x += width;
    lineHeight = Math.max(lineHeight, height);
  }
  return { positions, bottom: y + lineHeight };
}
