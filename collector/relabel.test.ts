import { describe, expect, it } from 'vitest';
import { Labels } from '../storage/labels.ts';
import { compileMetricDrops, compileRelabel, RELABEL_DEFAULTS, type RelabelConfig } from './relabel.ts';

type Given = Record<string, string>;

function relabel(labels: Given, ...configs: Partial<RelabelConfig>[]): Given | 'dropped' {
  const compiled = compileRelabel(configs.map((config) => ({ ...RELABEL_DEFAULTS, ...config })));
  return compiled(Labels.from(labels))?.toObject() ?? 'dropped';
}

const abc = { a: 'foo', b: 'bar', c: 'baz' };

describe('relabelling', () => {
  const table: [what: string, given: Given, configs: Partial<RelabelConfig>[], wanted: Given | 'dropped'][] = [
    [
      'replace: expands groups into the target',
      abc,
      [{ sourceLabels: ['a'], regex: 'f(.*)', targetLabel: 'd', replacement: 'ch$' + '{1}-ch$' + '{1}' }],
      { ...abc, d: 'choo-choo' },
    ],
    [
      'replace: joins the sources with the separator',
      abc,
      [{ sourceLabels: ['a', 'none', 'b'], separator: '/', targetLabel: 'd' }],
      { ...abc, d: 'foo//bar' },
    ],
    [
      'replace: leaves everything alone without a match',
      abc,
      [{ sourceLabels: ['a'], regex: 'oo', targetLabel: 'b', replacement: 'x' }],
      abc,
    ],
    [
      'replace: an empty result deletes the target',
      abc,
      [{ sourceLabels: ['a'], regex: '(f).*', targetLabel: 'b', replacement: '$2' }],
      { a: 'foo', c: 'baz' },
    ],
    ['replace: an empty source and (.*) sets a constant', {}, [{ targetLabel: 'd', replacement: 'x' }], { d: 'x' }],
    [
      'replace: an empty source and (.*) with $1 deletes',
      abc,
      [{ sourceLabels: ['none'], targetLabel: 'a' }],
      { b: 'bar', c: 'baz' },
    ],
    [
      'replace: .* matches a line break',
      { a: 'x\ny' },
      [{ sourceLabels: ['a'], targetLabel: 'b' }],
      { a: 'x\ny', b: 'x\ny' },
    ],
    [
      'replace: a dynamic target',
      { a: 'zone:west' },
      [{ sourceLabels: ['a'], regex: '(\\w+):(\\w+)', targetLabel: 'my_$1', replacement: '$2' }],
      { a: 'zone:west', my_zone: 'west' },
    ],
    [
      'replace: an empty dynamic target changes nothing',
      { a: 'x' },
      [{ sourceLabels: ['a'], regex: '(y)?x', targetLabel: '$1', replacement: 'z' }],
      { a: 'x' },
    ],
    [
      'replace: named groups, $$ and a stray dollar',
      { a: 'x1' },
      [
        {
          sourceLabels: ['a'],
          regex: '(?P<letter>[a-z])(?P<digit>[0-9])',
          targetLabel: 'b',
          replacement: '$digit$$$' + '{letter}$-$0$9',
        },
      ],
      { a: 'x1', b: '1$x$-x1' },
    ],
    [
      'replace: $1x is the group called 1x, which does not exist',
      { a: 'v' },
      [{ sourceLabels: ['a'], targetLabel: 'b', replacement: '[$1x]' }],
      { a: 'v', b: '[]' },
    ],
    [
      'replace: alternatives of plain strings match wholly',
      { a: 'foobar' },
      [{ sourceLabels: ['a'], regex: 'foo|bar', targetLabel: 'b', replacement: 'hit' }],
      { a: 'foobar' },
    ],
    [
      'replace: alternatives are anchored as a whole',
      { a: 'ab' },
      [{ sourceLabels: ['a'], regex: 'a|(ab)', targetLabel: 'b', replacement: '<$1>' }],
      { a: 'ab', b: '<ab>' },
    ],
    ['keep: keeps a match', abc, [{ action: 'keep', sourceLabels: ['a'], regex: 'f.*' }], abc],
    ['keep: drops the rest', abc, [{ action: 'keep', sourceLabels: ['a'], regex: 'o' }], 'dropped'],
    ['keep: a missing label is empty', abc, [{ action: 'keep', sourceLabels: ['none'], regex: '' }], abc],
    ['drop: drops a match', abc, [{ action: 'drop', sourceLabels: ['a', 'b'], regex: 'foo;bar' }], 'dropped'],
    ['drop: keeps the rest', abc, [{ action: 'drop', sourceLabels: ['a'], regex: 'fo' }], abc],
    [
      'drop: ends the chain',
      abc,
      [
        { action: 'drop', sourceLabels: ['a'] },
        { targetLabel: 'd', replacement: 'x' },
      ],
      'dropped',
    ],
    [
      'keepequal: keeps equals',
      { a: 'x', b: 'x' },
      [{ action: 'keepequal', sourceLabels: ['a'], targetLabel: 'b' }],
      { a: 'x', b: 'x' },
    ],
    ['keepequal: drops the rest', abc, [{ action: 'keepequal', sourceLabels: ['a'], targetLabel: 'b' }], 'dropped'],
    [
      'dropequal: drops equals',
      { a: 'x', b: 'x' },
      [{ action: 'dropequal', sourceLabels: ['a'], targetLabel: 'b' }],
      'dropped',
    ],
    ['dropequal: keeps the rest', abc, [{ action: 'dropequal', sourceLabels: ['a'], targetLabel: 'b' }], abc],
    [
      // md5('foo') = acbd18db4cc2f85c edef654fccc4a4d8; 0xedef654fccc4a4d8 mod 1000 = 976.
      'hashmod: the last 8 bytes of the MD5',
      abc,
      [{ action: 'hashmod', sourceLabels: ['a'], targetLabel: 'd', modulus: 1000 }],
      { ...abc, d: String(0xedef654fccc4a4d8n % 1000n) },
    ],
    [
      'labelmap: copies under new names',
      { __meta_zone: 'w', __meta_host: 'h', job: 'j' },
      [{ action: 'labelmap', regex: '__meta_(.+)' }],
      { __meta_zone: 'w', __meta_host: 'h', job: 'j', zone: 'w', host: 'h' },
    ],
    [
      'labelmap: of two labels mapped to one name the later name wins',
      { a_x: '1', b_x: '2' },
      [{ action: 'labelmap', regex: '._(x)' }],
      { a_x: '1', b_x: '2', x: '2' },
    ],
    ['labeldrop', abc, [{ action: 'labeldrop', regex: 'a|c' }], { b: 'bar' }],
    ['labelkeep', abc, [{ action: 'labelkeep', regex: '[ac]' }], { a: 'foo', c: 'baz' }],
    [
      'lowercase: one code point to one',
      { a: 'ÄBC ΟΔΟΣ İ' },
      [{ action: 'lowercase', sourceLabels: ['a'], targetLabel: 'b' }],
      { a: 'ÄBC ΟΔΟΣ İ', b: 'äbc οδοσ i' },
    ],
    [
      'uppercase: one code point to one',
      { a: 'straße' },
      [{ action: 'uppercase', sourceLabels: ['a'], targetLabel: 'b' }],
      { a: 'straße', b: 'STRAßE' },
    ],
    [
      'steps see what earlier steps did',
      { a: '1' },
      [
        { sourceLabels: ['a'], targetLabel: 'b' },
        { action: 'labeldrop', regex: 'a' },
        { sourceLabels: ['a', 'b'], targetLabel: 'c' },
        { targetLabel: 'a', replacement: 'back' },
      ],
      { a: 'back', b: '1', c: ';1' },
    ],
  ];
  it.each(table)('%s', (_what, given, configs, wanted) => {
    expect(relabel(given, ...configs)).toEqual(wanted);
  });

  it('gives back the very labels that nothing changed', () => {
    const labels = Labels.from(abc);
    expect(compileRelabel([{ ...RELABEL_DEFAULTS, sourceLabels: ['a'], targetLabel: 'a' }])(labels)).toBe(labels);
    expect(compileRelabel([])(labels)).toBe(labels);
  });

  it('names the regular expression that is none', () => {
    expect(() => compileRelabel([{ ...RELABEL_DEFAULTS, action: 'keep', regex: '(a' }])).toThrow(/"\(a"/);
    expect(() => compileRelabel([{ ...RELABEL_DEFAULTS, action: 'hashmod', targetLabel: 'x' }])).toThrow(/modulus/);
  });
});

describe('drops by the metric name', () => {
  const step = (part: Partial<RelabelConfig>): RelabelConfig => ({ ...RELABEL_DEFAULTS, ...part });
  const byName = { sourceLabels: ['__name__'] };

  it('are those of the first steps that look at nothing else', () => {
    const drops = compileMetricDrops([
      step({ ...byName, action: 'drop', regex: 'go_.*' }),
      step({ ...byName, action: 'keep', regex: '(go|node)_.*' }),
      step({ sourceLabels: ['job'], action: 'drop', regex: 'x' }),
      step({ ...byName, action: 'drop', regex: 'node_.*' }),
    ])!;
    expect(['go_info', 'node_load1', 'up', 'go_info'].map(drops)).toEqual([true, false, true, true]);
  });

  it('are not known when the first step looks at something else, or changes it', () => {
    expect(compileMetricDrops([])).toBeUndefined();
    expect(
      compileMetricDrops([step({ sourceLabels: ['__name__', 'job'], action: 'drop', regex: 'a;b' })]),
    ).toBeUndefined();
    const renamed = step({ ...byName, action: 'replace', targetLabel: '__name__', replacement: 'b' });
    expect(compileMetricDrops([renamed, step({ ...byName, action: 'drop', regex: 'a' })])).toBeUndefined();
  });
});
