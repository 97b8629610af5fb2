import type { ValueNames } from './panel.ts';

/** 1 is good, 0 is not. */
export const YES_NO: ValueNames = { '0': { text: 'no', color: 'red' }, '1': { text: 'yes', color: 'green' } };

/** 0 is good, 1 is not. */
export const WELL: ValueNames = { '0': { text: 'well', color: 'green' }, '1': { text: 'not well', color: 'red' } };

/** Of pods over time. */
export const READY: ValueNames = { '0': { text: 'not ready', color: 'red' }, '1': { text: 'ready', color: 'green' } };
