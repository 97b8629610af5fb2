import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Children } from '../../bench/children.ts';
import { findAlertmanager } from './alertmanager-peer.ts';
import { sentLines } from './alertmanager-script.ts';
import { playAlertmanager } from './play-alertmanager.ts';
import { playPharos } from './play-pharos.ts';

/** A line per notification with its time in beats before it, by receiver and group. */
const EXPECTED = readFileSync(
  path.join(path.dirname(fileURLToPath(import.meta.url)), 'alertmanager-script.txt'),
  'utf8',
)
  .trimEnd()
  .split('\n');
const program = findAlertmanager(process.env);

it('in an hour of alerts, Pharos tells what is written down', async () => {
  expect(sentLines(await playPharos()).map(({ at, text }) => `${at} ${text}`)).toEqual(EXPECTED);
});

it.skipIf(program === undefined)(
  `in the same hour, a second a beat, Alertmanager tells the same (needs it in PATH, or PHAROS_ALERTMANAGER)`,
  { timeout: 90_000 },
  async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'pharos-alertmanager-'));
    const children = new Children(directory);
    try {
      const sent = sentLines(await playAlertmanager(program!, { children, directory }));
      expect(sent.map(({ text }) => text)).toEqual(EXPECTED.map((line) => line.slice(line.indexOf(' ') + 1)));
      const ours = sentLines(await playPharos());
      expect(sent.map(({ body }) => body)).toEqual(ours.map(({ body }) => body));
      // A busy machine is late, and its timers run late one after the other.
      const late = sent.map(({ at }, i) => at - Number.parseFloat(EXPECTED[i]!));
      expect(Math.min(...late)).toBeGreaterThan(-0.3);
      expect(Math.max(...late)).toBeLessThan(0.95);
    } finally {
      await children.stopAll();
      rmSync(directory, { recursive: true, force: true });
    }
  },
);
