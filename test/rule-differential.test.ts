/**
 * The same rules over the same samples in Prometheus and in Pharos, for half a minute of the real time: what they write and what their
 * APIs say of rules must be the same, but for when within a second each evaluates.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Labels } from '../storage/labels.ts';
import { writeDataset } from './differential/write-dataset.ts';
import { findPrometheus } from './find-prometheus.ts';
import { startPharos } from './replay/pharos.ts';
import { startPrometheus } from './replay/prometheus.ts';

const prometheus = findPrometheus(process.env);
const SECONDS = 34;
/** How far apart, in seconds, something may happen in the two: evaluations come once a second, and late on a busy machine. */
const TOLERANCE = 3;
/** When both have seen samples, and nothing has changed yet. */
const SETTLED = 6;

const RULES = `
groups:
  - name: main
    interval: 1s
    rules:
      - { record: copy, expr: signal * 2, labels: { kind: copy } }
      - { record: job:copy:sum, expr: sum by (job) (copy) }
      - alert: High
        expr: signal > 5
        for: 4s
        labels: { severity: page, level: '{{ if gt $value 8.0 }}high{{ else }}low{{ end }}' }
        annotations: { summary: '{{ $labels.i }} of {{ $labels.job }}: {{ $value | humanize }}' }
      - { alert: Kept, expr: signal > 5, keep_firing_for: 6s }
      - { alert: Gone, expr: 'absent(signal{i="c"})', for: 2s, annotations: { summary: 'no {{ $labels.i }}' } }
      - { alert: Fails, expr: signal > 5, annotations: { summary: '{{ first (query "nothing") }}' } }
  - name: moves
    interval: 1s
    labels: { team: x }
    rules:
      - { record: level, expr: 'signal > 5', labels: { i: all, job: all } }
      - { record: level, expr: 'max without (i, job) (signal) <= 5', labels: { i: all, job: all } }
  - name: late
    interval: 1s
    query_offset: 3s
    rules:
      - { record: late, expr: signal }
      - { alert: LateHigh, expr: signal > 5 }
  - name: wrong
    interval: 1s
    limit: 1
    rules:
      - { record: limited, expr: signal * 1 }
      - { record: failing, expr: signal / on (job) group_left () signal }
`;

/** What the signals are in each second. */
const SIGNALS: Readonly<Record<string, (second: number) => number | 'stale' | undefined>> = {
  a: (second) => (second >= 8 && second < 20 ? 9 : 1),
  b: () => 2,
  c: (second) => (second < 12 ? 3 : second === 12 ? 'stale' : undefined),
};

// biome-ignore lint/suspicious/noExplicitAny: answers are compared, whatever is in them
type Json = any;

describe.skipIf(prometheus === undefined)(
  'rules beside Prometheus (skipped without it: PHAROS_TEST_PROMETHEUS)',
  () => {
    const closers: (() => Promise<unknown>)[] = [];
    let urls: readonly [prometheus: string, pharos: string];
    let begin = 0;

    beforeAll(async () => {
      const directory = await mkdtemp(path.join(os.tmpdir(), 'pharos-rules-'));
      closers.push(() => rm(directory, { recursive: true, force: true }));
      await writeFile(path.join(directory, 'rules.yml'), RULES);
      const configFile = path.join(directory, 'prometheus.yml');
      await writeFile(configFile, 'global: { evaluation_interval: 1s }\nrule_files: [rules.yml]\n');
      const [theirs, ours] = await Promise.all([
        startPrometheus(prometheus!, { configFile, directory }),
        startPharos(configFile),
      ]);
      closers.push(
        () => theirs.close(),
        () => ours.close(),
      );
      urls = [theirs.url, ours.url];
      begin = Math.ceil(Date.now() / 1000);
      for (let second = 0; second < SECONDS; second++) {
        await sleep(Math.max(0, (begin + second) * 1000 - Date.now()));
        const timestamp = (begin + second) * 1000;
        const series = Object.entries(SIGNALS).flatMap(([i, signal]) => {
          const value = signal(second);
          if (value === undefined) return [];
          const sample = { timestamp, value: value === 'stale' ? Number.NaN : value, stale: value === 'stale' };
          return [{ labels: Labels.from({ __name__: 'signal', job: 'j', i }), samples: [sample] }];
        });
        await Promise.all(urls.map((url) => writeDataset(url, series)));
      }
    }, 120_000);

    afterAll(async () => {
      for (const close of closers.reverse()) await close();
    });

    const get = async (url: string, request: string): Promise<Json> => {
      const response = await fetch(`${url}/api/v1/${request}`, { signal: AbortSignal.timeout(20_000) });
      return (await response.json()) as Json;
    };

    test.each([['ALERTS'], ['ALERTS_FOR_STATE'], ['copy'], ['job:copy:sum'], ['level'], ['late']])(
      '%s is the same',
      async (metric) => {
        // The first seconds each begins in its own way; what the last ones hold may not have been evaluated by both.
        const range = `start=${begin + SETTLED}&end=${begin + SECONDS - TOLERANCE}&step=1`;
        const [theirs, ours] = await Promise.all(
          urls.map(async (url) => phasesOf((await get(url, `query_range?query=${metric}&${range}`)).data.result)),
        );
        expect([...ours!.keys()].sort()).toEqual([...theirs!.keys()].sort());
        expect(theirs!.size).toBeGreaterThan(0);
        for (const [labels, phases] of theirs!) {
          const others = ours!.get(labels)!;
          const shown = `${labels}: Prometheus ${text(phases, begin)}, Pharos ${text(others, begin)}`;
          const near = (a: number, b: number): boolean => Math.abs(a - b) <= TOLERANCE;
          const same =
            phases.length === others.length &&
            phases.every((phase, i) => {
              const other = others[i]!;
              const isTime = metric === 'ALERTS_FOR_STATE';
              const value = isTime ? near(phase.value, other.value) : phase.value === other.value;
              return value && near(phase.from, other.from) && near(phase.to, other.to);
            });
          expect(same ? '' : shown).toBe('');
        }
      },
    );

    test.each([
      [''],
      ['type=alert'],
      ['type=record'],
      ['rule_name[]=High&rule_name[]=copy'],
      ['rule_group[]=late'],
      ['file[]=nothing'],
      ['match[]={severity="page"}'],
      ['match[]={team="x"}&match[]={kind=~".%2B"}'],
      ['exclude_alerts=true'],
      ['type=other'],
      ['group_next_token=x'],
      ['group_limit=0'],
      ['group_limit=-1'],
      ['group_limit=x'],
      ['match[]={'],
      ['exclude_alerts=perhaps'],
    ])('rules?%s is the same', async (query) => {
      const [theirs, ours] = await Promise.all(urls.map((url) => get(url, `rules?${query}`)));
      expect(comparable(ours)).toEqual(comparable(theirs));
    });

    test('pages of groups are the same', async () => {
      const pages = await Promise.all(
        urls.map(async (url) => {
          const names: string[][] = [];
          for (let token = ''; names.length < 10; ) {
            const { data } = await get(url, `rules?group_limit=3${token === '' ? '' : `&group_next_token=${token}`}`);
            names.push(data.groups.map(({ name }: { name: string }) => name));
            token = data.groupNextToken ?? '';
            if (token === '') break;
          }
          return names;
        }),
      );
      expect(pages[1]).toEqual(pages[0]);
      expect(pages[1]!.length).toBe(2);
    });

    test('alerts are the same', async () => {
      const [theirs, ours] = await Promise.all(urls.map((url) => get(url, 'alerts')));
      expect(comparable(ours)).toEqual(comparable(theirs));
      expect(ours.data.alerts.length).toBeGreaterThan(0);
    });
  },
);

interface Phase {
  readonly from: number;
  to: number;
  readonly value: number;
}

/** Of each series since when until when it had which value, in seconds. */
function phasesOf(result: Json): Map<string, Phase[]> {
  const found = new Map<string, Phase[]>();
  for (const { metric: labels, values } of result) {
    const phases: Phase[] = [];
    for (const [time, value] of values as readonly (readonly [number, string])[]) {
      const last = phases.at(-1);
      if (last !== undefined && last.to === time - 1 && last.value === Number(value)) last.to = time;
      else phases.push({ from: time, to: time, value: Number(value) });
    }
    found.set(`${Labels.from(labels as Record<string, string>)}`, phases);
  }
  return found;
}

function text(phases: readonly Phase[], begin: number): string {
  return phases.map(({ from, to, value }) => `${from - begin}-${to - begin}s ${value}`).join(', ');
}

/** Without what tells when and how fast something was evaluated, and in which words it failed. */
function comparable(answer: Json): unknown {
  return JSON.parse(JSON.stringify(answer), (name, value) => {
    if (name === 'lastError') return 'an error';
    if (name === 'evaluationTime') return typeof value;
    if (name === 'lastEvaluation' || name === 'activeAt' || name === 'keepFiringSince') {
      return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value) ? 'a time' : value;
    }
    if (name === 'alerts' && Array.isArray(value)) return value.map((one) => JSON.stringify(one)).sort();
    return value;
  });
}
