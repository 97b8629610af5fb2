import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExpositionError } from './exposition-error.ts';
import { parseText } from './text.ts';

type Row = [labels: Record<string, string>, value: number, timestamp?: number];

function parse(page: string | Uint8Array): Row[] {
  const bytes = typeof page === 'string' ? Buffer.from(page) : page;
  return parseText(bytes).samples.map(({ labels, value, timestamp }) => {
    const row: Row = [Object.fromEntries(labels), value];
    if (timestamp !== undefined) row.push(timestamp);
    return row;
  });
}

function errorOf(page: string | Uint8Array): ExpositionError {
  try {
    parse(page);
  } catch (error) {
    expect(error).toBeInstanceOf(ExpositionError);
    return error as ExpositionError;
  }
  throw new Error(`accepted ${JSON.stringify(page)}`);
}

describe('samples', () => {
  const a = (labels: Record<string, string> = {}): Record<string, string> => ({ __name__: 'a', ...labels });

  it.each<[what: string, page: string, rows: Row[]]>([
    ['nothing', '', []],
    ['empty lines and blanks', '\n \n\t\n  ', []],
    ['a bare name', 'a 1\n', [[a(), 1]]],
    ['no line feed at the end', 'a 1', [[a(), 1]]],
    ['no line feed after a timestamp', 'a 1 5', [[a(), 1, 5]]],
    ['blanks at both ends', ' \ta \t 1 \t 5\t \n', [[a(), 1, 5]]],
    ['empty braces', 'a{} 1\n', [[a(), 1]]],
    ['a value right behind the braces', 'a{}1\n', [[a(), 1]]],
    ['labels', 'a{b="c",d="e"} 1\n', [[a({ b: 'c', d: 'e' }), 1]]],
    ['a comma behind the last label', 'a{b="c",} 1\n', [[a({ b: 'c' }), 1]]],
    ['blanks everywhere', 'a \t{ b = "c" ,\td="e" , } 1\n', [[a({ b: 'c', d: 'e' }), 1]]],
    ['a missing comma', 'a{b="c" d="e"} 1\n', [[a({ b: 'c', d: 'e' }), 1]]],
    ['an empty value', 'a{b=""} 1\n', [[a({ b: '' }), 1]]],
    ['escapes', String.raw`a{b="\\ \" \n"} 1`, [[a({ b: '\\ " \n' }), 1]]],
    ['an escaped backslash before an n', String.raw`a{b="\\n"} 1`, [[a({ b: '\\n' }), 1]]],
    ['unknown escapes, as they are', String.raw`a{b="C:\Dir\t"} 1`, [[a({ b: 'C:\\Dir\\t' }), 1]]],
    ['braces in a value', 'a{b="}{,="} 1\n', [[a({ b: '}{,=' }), 1]]],
    [
      'a line feed in a value',
      'a{b="c\nd"} 1\nb 2',
      [
        [a({ b: 'c\nd' }), 1],
        [{ __name__: 'b' }, 2],
      ],
    ],
    ['a NUL in a value', 'a{b="c\0"} 1\n', [[a({ b: 'c\0' }), 1]]],
    ['UTF-8 in a value', 'a{b="ü€😀"} 1\n', [[a({ b: 'ü€😀' }), 1]]],
    ['a colon in the name', ':a:b_1 1\n', [[{ __name__: ':a:b_1' }, 1]]],
    ['a quoted name', '{"a.b"} 1\n', [[{ __name__: 'a.b' }, 1]]],
    ['a quoted name and labels', '{"a.b", "c.d"="e",f="g"} 1\n', [[{ __name__: 'a.b', 'c.d': 'e', f: 'g' }, 1]]],
    ['a quoted name behind the labels', '{f="g","a b"} 1\n', [[{ f: 'g', __name__: 'a b' }, 1]]],
    ['escapes in quoted names', String.raw`{"a\"b","c\nd"="e"} 1`, [[{ __name__: 'a"b', 'c\nd': 'e' }, 1]]],
    ['a quoted label behind a bare name', 'a{"b.c"="d"} 1\n', [[a({ 'b.c': 'd' }), 1]]],
    [
      'the same series twice',
      'a 1\na 2\n',
      [
        [a(), 1],
        [a(), 2],
      ],
    ],
    ['comments', '#\n# b\n#HELP a b\n# HELPa\n# EOF\na 1 # no\n'.replace(' # no', ''), [[a(), 1]]],
    ['a timestamp of 19 digits', 'a 1 9223372036854775807\n', [[a(), 1, 2 ** 63]]],
    ['a timestamp with zeros', 'a 1 000000000000000000000005\n', [[a(), 1, 5]]],
  ])('takes %s', (_, page, rows) => {
    expect(parse(page)).toEqual(rows);
  });

  it.each([
    ['0', 0],
    ['-0', -0],
    ['+3', 3],
    ['12345.678', 12345.678],
    ['1.', 1],
    ['.5', 0.5],
    ['0.1', 0.1],
    ['9007199254740993', 9007199254740992],
    ['123456789012345678901234567890', 1.2345678901234568e29],
    ['0.30000000000000004', 0.30000000000000004],
    ['1.7976931348623157e308', Number.MAX_VALUE],
    ['5e-324', 5e-324],
    ['1e-999', 0],
    ['1.048576e+07', 10485760],
    ['1E3', 1000],
    ['+Inf', Number.POSITIVE_INFINITY],
    ['-inf', Number.NEGATIVE_INFINITY],
    ['infinity', Number.POSITIVE_INFINITY],
    ['NaN', Number.NaN],
    ['nan', Number.NaN],
  ])('reads the value %s', (text, value) => {
    expect(parse(`a ${text}\nb ${text} 7`)).toEqual([
      [{ __name__: 'a' }, value],
      [{ __name__: 'b' }, value, 7],
    ]);
  });

  it('reads every decimal as the nearest double', () => {
    const digits = fc.stringMatching(/^[0-9]{0,20}$/);
    const exponent = fc.option(fc.tuple(fc.constantFrom('e', 'E', 'e+', 'e-'), fc.nat(330)), { nil: undefined });
    fc.assert(
      fc.property(
        fc.constantFrom('', '-', '+'),
        digits,
        digits,
        fc.boolean(),
        exponent,
        (sign, whole, part, point, e) => {
          fc.pre(whole !== '' || (point && part !== ''));
          const text = `${sign}${whole}${point ? `.${part}` : ''}${e === undefined ? '' : e.join('')}`;
          const value = Number(text);
          if (Number.isFinite(value)) expect(parse(`a ${text}`)[0]![1]).toBe(value);
          else expect(errorOf(`a ${text}`).message).toContain('expected a number');
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('reads what JavaScript writes', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        expect(parse(`a ${Object.is(value, -0) ? '-0' : value}`)[0]![1]).toBe(value);
      }),
    );
  });
});

describe('metadata', () => {
  const metadata = (page: string) => parseText(Buffer.from(page)).metadata;

  it('joins HELP and TYPE', () => {
    const page = '# TYPE a counter\n#\t HELP a  two \\\\ \\n lines\n# HELP b\n# TYPE c untyped \n# TYPE "d.e" gauge\n';
    expect(metadata(page)).toEqual([
      { metric: 'a', type: 'counter', help: 'two \\ \n lines', unit: '' },
      { metric: 'b', type: 'unknown', help: '', unit: '' },
      { metric: 'c', type: 'unknown', help: '', unit: '' },
      { metric: 'd.e', type: 'gauge', help: '', unit: '' },
    ]);
  });

  it('stores bounds and quantiles in one spelling where the type says what they are', () => {
    const page = `# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf",quantile="1"} 2
# TYPE s summary\ns{quantile="1"} 3\ns{le="1"} 4\n# TYPE g gauge\ng{le="1",quantile="1"} 5\n`;
    expect(parse(page).map(([labels]) => ({ le: labels.le, quantile: labels.quantile }))).toEqual([
      { le: '1.0', quantile: undefined },
      { le: '+Inf', quantile: '1' },
      { le: undefined, quantile: '1.0' },
      { le: '1', quantile: undefined },
      { le: '1', quantile: '1' },
    ]);
  });
});

describe('malformed pages', () => {
  it.each<[what: string, bad: string | Uint8Array, reason: string]>([
    ['a name without a value', 'b', 'expected a blank or { after the metric name, got "b"'],
    ['a name and a blank', 'b ', 'expected a value after the series, got the end of the page'],
    ['labels without a value', 'b{c="d"}', 'expected a value after the series'],
    ['a value that is cut off', 'b 1.5e', 'expected a number as the value, got "1.5e"'],
    ['a word as the value', 'b true', 'expected a number as the value, got "true"'],
    ['a hexadecimal value', 'b 0x1p-3', 'expected a number'],
    ['an underscore in the value', 'b 1_000', 'expected a number'],
    ['a value too large for a double', 'b 1e400', 'expected a number'],
    ['a carriage return', 'b 1\r', 'expected a number as the value, got "1\\r"'],
    ['a brace behind the value', 'b 1{', 'expected a blank after the value'],
    ['a word behind the value', 'b 1 c', 'expected a timestamp or the end of the line, got "c"'],
    ['a comment behind the value', 'b 1 # c', 'expected a timestamp'],
    ['a fraction in the timestamp', 'b 1 1.5', 'expected the end of the line after the timestamp, got ".5"'],
    ['a negative timestamp', 'b 1 -5', 'expected a timestamp'],
    ['a timestamp over 64 bits', 'b 1 9223372036854775808', 'expected a timestamp of at most 64 bits'],
    ['two timestamps', 'b 1 2 3', 'expected the end of the line'],
    ['a name that begins with a digit', '1b 1', 'expected a metric name, got "1b 1"'],
    ['a dot in a bare name', 'b.c 1', 'expected a blank or { after the metric name, got "b.c 1"'],
    ['a dash in a bare label name', 'b{c-d="e"} 1', 'expected = after the label name, got "-d=\\"e\\"} 1"'],
    ['a label name that begins with a digit', 'b{1c="d"} 1', 'expected a label name'],
    ['braces that do not close', 'b{c="d" 1', 'expected } after the labels'],
    ['a page that ends in the braces', 'b{c="d",', 'expected } after the labels'],
    ['a string that does not end', 'b{c="d} 1', 'expected a quote at the end of the string'],
    ['a string that ends in an escape', 'b{c="d\\"} 1', 'expected a quote at the end of the string'],
    ['a page that ends in an escape', 'b{c="d\\', 'expected a quote at the end of the string'],
    ['a value in single quotes', "b{c='d'} 1", 'expected a quoted label value'],
    ['a value without quotes', 'b{c=d} 1', 'expected a quoted label value'],
    ['a label without a value', 'b{c} 1', 'expected = after the label name'],
    ['a label with two equals signs', 'b{c=="d"} 1', 'expected a quoted label value'],
    ['an empty label name', 'b{="d"} 1', 'expected a label name'],
    ['an empty quoted label name', 'b{""="d"} 1', 'expected a name that is not empty'],
    ['an empty quoted metric name', '{""} 1', 'expected a name that is not empty'],
    ['two commas', 'b{c="d",,e="f"} 1', 'expected a label name'],
    ['a comma first', 'b{,} 1', 'expected a label name'],
    ['no metric name', '{c="d"} 1', 'expected a metric name in the braces'],
    ['two metric names', 'b{"c"} 1', 'expected one metric name'],
    ['two quoted metric names', '{"b","c"} 1', 'expected one metric name'],
    ['the metric name as a label', '{__name__="c"} 1', 'expected the metric name outside of a label'],
    ['a label twice', 'b{c="d",c="d"} 1', 'expected each label once, "c" comes twice'],
    ['a label twice, once in quotes', 'b{c="d","c"="e"} 1', 'expected each label once'],
    ['HTML', '<html><body>not found</body></html>', 'expected a metric name, got "<html>'],
    ['JSON', '{"status":"ok"}', 'expected = after the label name'],
    ['a NUL between lines', '\0', 'expected a metric name'],
    ['an unknown type', '# TYPE b info', 'expected the type counter, gauge, histogram, summary or untyped, got "info"'],
    ['no type', '# TYPE b', 'expected the type'],
    ['TYPE without a name', '# TYPE ', 'expected a metric name after TYPE'],
    ['HELP of no name', '# HELP {} x', 'expected a metric name after HELP'],
    ['a quoted name in HELP that does not end', '# HELP "b c', 'expected a quote at the end of the metric name'],
    ['invalid UTF-8 in a value', Buffer.from('b{c="\xff"} 1', 'latin1'), 'expected UTF-8 in the series'],
    [
      'a cut UTF-8 sequence',
      Buffer.concat([Buffer.from('b{c="'), Buffer.from([0xe2, 0x82]), Buffer.from('"} 1')]),
      'expected UTF-8',
    ],
    [
      'a surrogate in UTF-8',
      Buffer.concat([Buffer.from('b{c="'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"} 1')]),
      'expected UTF-8',
    ],
    ['invalid UTF-8 in HELP', Buffer.from('# HELP b \xff', 'latin1'), 'expected UTF-8 in the comment'],
    ['UTF-16', Buffer.from('b 1\n', 'utf16le'), 'expected a blank or {'],
    ['gzip', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]), 'expected a metric name'],
  ])('refuses %s', (_, bad, reason) => {
    const page = Buffer.concat([Buffer.from('# HELP a x\n\na{x="\n"} 1\n'), Buffer.from(bad)]);
    const error = errorOf(page);
    expect(error.message).toContain(reason);
    // Lines are counted by line feeds, also by those inside a value.
    expect(error.line).toBe(5);
    expect(error.message).toMatch(/^line 5: /);
  });

  it('shows no more than the beginning of a long line', () => {
    expect(errorOf(`a{b="c"} ${'x'.repeat(1e6)}`).message.length).toBeLessThan(200);
  });

  it('ends soon on large pages of nonsense', () => {
    for (const unit of ['{', '"', '\\', 'a{', 'a{b="', '# HELP ', 'a{b="c"', '1', ' ', 'é']) {
      const page = Buffer.from(unit.repeat(2e5));
      if (unit === ' ') expect(parse(page)).toEqual([]);
      else errorOf(page);
    }
  });

  it('throws nothing but an ExpositionError on any bytes', () => {
    const alphabet = fc.constantFrom(...'a{}",=\\# \n\t1.e+-_:\0éHELPTYPE\r');
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(alphabet, { maxLength: 80 }).map((chars) => Buffer.from(chars.join(''))),
    );
    fc.assert(
      fc.property(anything, (bytes) => {
        try {
          parse(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ExpositionError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('round trip', () => {
  const text = fc.string({ unit: 'binary', maxLength: 8 });
  const name = text.filter((s) => s !== '' && s !== '__name__');
  const sample = fc.record({
    metric: name,
    labels: fc.dictionary(name, text, { maxKeys: 4, noNullPrototype: true }),
    value: fc.double(),
    timestamp: fc.option(fc.nat(2 ** 43), { nil: undefined }),
  });
  const quote = (s: string): string => `"${s.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`))}"`;

  it('reads what is written', () => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 10 }), (samples) => {
        const page = samples.map(({ metric, labels, value, timestamp }) => {
          const pairs = Object.entries(labels).map(([k, v]) => `${/^[a-z_]+$/i.test(k) ? k : quote(k)}=${quote(v)}`);
          const bare = /^[a-z_:]+$/i.test(metric);
          const inner = (bare ? pairs : [quote(metric), ...pairs]).join(',');
          const number = Object.is(value, -0) ? '-0' : String(value).replace('Infinity', 'Inf');
          return `${bare ? metric : ''}{${inner}} ${number}${timestamp === undefined ? '' : ` ${timestamp}`}\n`;
        });
        const found = parseText(Buffer.from(page.join(''))).samples;
        expect(found).toEqual(
          samples.map(({ metric, labels, value, timestamp }) => ({
            labels: new Map([['__name__', metric], ...Object.entries(labels)]),
            value,
            timestamp,
          })),
        );
      }),
    );
  });
});
