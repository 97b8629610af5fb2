import type { Panel as BuiltPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import type { BoardLink } from './links.ts';
import type { Query } from './query.ts';
import type { Thresholds } from './thresholds.ts';
import type { Unit } from './unit.ts';

/** A panel as a dashboard's file describes it. */
export interface PanelDescription {
  /** Names the panel: its id comes from it, so that no two of one dashboard share a title. */
  readonly title: string;
  /** What is shown, and what to make of it: the text behind the (i). */
  readonly description: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  readonly thresholds?: Thresholds;
  /** Of 24 columns. */
  readonly width?: number;
  /** In rows of the grid, 24 to 30 of which are a screen. */
  readonly height?: number;
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  /** What stands there when there is no series, where that means something: `0`, `none`. */
  readonly none?: string;
  /** Where a click on a value leads. */
  readonly links?: readonly BoardLink[];
}

/** A panel that has its size but not yet its place. */
export interface Panel {
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly built: BuiltPanel;
}

/** The names of values, with the colour that each has: `{ '1': { text: 'ready', color: 'green' } }`. */
export type ValueNames = Readonly<Record<string, { readonly text: string; readonly color: string }>>;
