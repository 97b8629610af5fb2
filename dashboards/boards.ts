import { fleet } from './boards/fleet.ts';
import type { Board } from './parts/board.ts';

/** Every dashboard, in the order of the menu. */
export const BOARDS: readonly Board[] = [fleet];
