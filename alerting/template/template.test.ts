import { describe, expect, it } from 'vitest';
import { Labels } from '../../storage/labels.ts';
import { Template, type TemplateData, type TemplateQuery } from './template.ts';

const data: TemplateData = {
  labels: Labels.from({ __name__: 'm', instance: 'h1:9100', job: 'node' }),
  value: 1234567.5,
  externalLabels: Labels.from({ cluster: 'c1' }),
  externalUrl: 'http://ext:9090/p',
  now: 60_000,
};

const q1 = { labels: Labels.from({ __name__: 'q', a: '1' }), value: 2 };
const q2 = { labels: Labels.from({ __name__: 'q', a: '2' }), value: 1 };
const query: TemplateQuery = async (expr) => {
  if (expr === 'q') return [q2, q1];
  if (expr === 'bad(') throw new Error('1:5: parse error: unclosed left parenthesis');
  return [];
};

const expand = (text: string): Promise<string> => new Template(text).expand(data, query);

// What Prometheus' rule tests (promtool 2.42) gave for the same templates, unless said otherwise.
const EXPANSIONS: readonly (readonly [template: string, text: string])[] = [
  ['no template', 'no template'],
  ['{{ $value }}', '1.2345675e+06'],
  ['{{ $value | humanize }}', '1.235M'],
  ['{{ printf "%.2f" $value }}', '1234567.50'],
  ['{{ printf "%d" $value }}', '%!d(float64=1.2345675e+06)'],
  ['{{ 1000000.0 }} {{ 1e5 }} {{ 1e-5 }} {{ 0.0001 }}', '1e+06 100000 1e-05 0.0001'],
  ['{{ humanize 0.00123 }} {{ humanize 1234.5 }} {{ humanize -1500000 }}', '1.23m 1.234k -1.5M'],
  ['{{ humanize1024 1048576 }} {{ "123456" | humanize1024 }}', '1Mi 120.6ki'],
  [
    '{{ humanizeDuration 93784 }} {{ humanizeDuration 0.0123 }} {{ humanizeDuration -3661 }}',
    '1d 2h 3m 4s 12.3ms -1h 1m 1s',
  ],
  ['{{ "43200" | humanizeDuration }} {{ humanizePercentage 0.12345 }}', '12h 0m 0s 12.35%'],
  ['{{ humanizeTimestamp 1435065584.128 }}', '2015-06-23 13:19:44.128 +0000 UTC'],
  ['{{ (toTime 1435065584).Format "2006-01-02T15:04:05Z07:00" }}', '2015-06-23T13:19:44Z'],
  ['{{ range $k, $v := $labels }}{{ $k }}={{ $v }};{{ end }}', '__name__=m;instance=h1:9100;job=node;'],
  ['{{ range query "q" }}{{ .Labels.a }}:{{ .Value }} {{ else }}none{{ end }}', '2:1 1:2 '],
  ['{{ range query "nothing" }}x{{ else }}none{{ end }}', 'none'],
  ['{{ query "q" | sortByLabel "a" | first | label "a" }}', '1'],
  ['{{ if eq $labels.instance "h1:9100" }}yes{{ else if eq 1 1 }}no{{ end }}', 'yes'],
  ['{{ if gt $value 1.0 }}big{{ else }}small{{ end }}', 'big'],
  ['{{ if and true $value (lt 1 2) }}t{{ end }}{{ and 0 (index "a" 5) }}{{ or "" "b" }}', 't0b'],
  ['{{- /* c */ -}}  x  {{- 3 -}}  y', 'x3y'],
  ['{{ $x := 5 }}{{ $x = 6 }}{{ $x }}{{ if $y := 7 }}{{ $y }}{{ end }}', '67'],
  ['{{ len $labels }} {{ len "héllo" }} {{ index $labels "job" }} {{ slice "abcdef" 1 3 }}', '3 6 node bc'],
  ['{{ print 1 2 "a" 3.5 4 true }}', '1 2a3.5 4 true'],
  ['{{ html "<a b=\\"c\\">" }} {{ urlquery "a b&c/d" }}', '&lt;a b=&#34;c&#34;&gt; a+b%26c%2Fd'],
  // Prometheus 3 no longer takes the letter after an apostrophe for a new word.
  ['{{ title "hello wORLD it\'s" }} {{ toUpper "aß" }} {{ toLower "ABC" }}', "Hello WORLD It's Aß abc"],
  ['{{ reReplaceAll "(\\\\w+):(\\\\d+)" "$2-$' + '{1}x$$" "host:80 b:9" }}', '80-hostx$ 9-bx$'],
  ['{{ match "a+" "xaay" }} {{ reReplaceAll "x*" "-" "abxc" }}', 'true -a-b-c-'],
  ['{{ stripPort "host:80" }} {{ stripPort "[::1]:80" }} {{ stripDomain "a.b.c:80" }}', 'host ::1 a:80'],
  [
    '{{ externalURL }} {{ pathPrefix }} {{ tableLink "up{a=\\"b\\"}" }}',
    'http://ext:9090/p /p /graph?g0.expr=up%7Ba%3D%22b%22%7D&g0.tab=1',
  ],
  [
    '{{ $externalLabels.cluster }} {{ $externalURL }} {{ .Labels.job }} {{ parseDuration "1h30m" }}',
    'c1 http://ext:9090/p node 5400',
  ],
  ['{{ $labels.nope }}|{{ (args 1 2).arg1 }}|{{ (args 1).zz }}', '|2|<no value>'],
  ['{{ define "t" }}[{{ . }}]{{ end }}{{ template "t" "x" }}{{ block "b" 5 }}<{{ . }}>{{ end }}', '[x]<5>'],
  [
    '{{ printf "%s %q %v %x %X %t %% %e %g" "a" "b\\n" "c" "hi" 255 true 1.5 1e-7 }}',
    'a "b\\n" c 6869 FF true % 1.500000e+00 1e-07',
  ],
  [
    '{{ printf "%d %s" "a" 5 }} {{ printf "%d" }} {{ printf "a" 1 }}',
    '%!d(string=a) %!s(int=5) %!d(MISSING) a%!(EXTRA int=1)',
  ],
  ['{{ printf "%6.2f|%-8.3f|%+.1f|%08.3f|% d" 3.14159 2.5 1.0 -3.14159 7 }}', '  3.14|2.500   |+1.0|-003.142| 7'],
  ['{{ printf "%.0f %.0f %.2f %.4g" 2.5 3.5 0.125 1234.5 }}', '2 4 0.12 1234'],
  ['{{ printf "%v" $labels }}', 'map[__name__:m instance:h1:9100 job:node]'],
  [
    '{{ range $i, $e := query "q" }}{{ $i }}={{ $e.Value }},{{ if eq $i 0 }}{{ continue }}{{ end }}{{ break }}{{ end }}',
    '0=1,1=2,',
  ],
  ["{{ 0x1F }} {{ 1_000 }} {{ 'a' }} {{ -5 }} {{ 1.5e3 }} {{ 017 }}", '31 1000 97 -5 1500 15'],
  // Not in promtool 2.42.
  ['{{ with $labels.nope }}a{{ else with $labels.job }}{{ . }}{{ end }}', 'node'],
  ['{{ range 3 }}{{ . }}{{ end }} {{ now }}', '012 60'],
  [
    '{{ toDuration 1.5 }} {{ toDuration "90" }} {{ (toDuration 5400).Hours }} {{ urlQueryEscape "a b&c=d" }}',
    '1.5s 1m30s 1.5 a+b%26c%3Dd',
  ],
];

describe('templates', () => {
  it.each(EXPANSIONS)('expands %s', async (template, text) => {
    expect(await expand(template)).toBe(text);
  });

  it.each([
    ['{{ $nope }}', '1:4: undefined variable "$nope"'],
    ['a\n{{ nope 1 }}', '2:4: function "nope" not defined'],
    ['{{ if true }}x', '1:1: {{if}} without {{end}}'],
    ['x{{ end }}', '1:9: unexpected {{end}}'],
    ['{{ "abc }}', '1:4: unterminated quoted string'],
    ['{{ }}', '1:4: missing value for command'],
    ['{{ $value', '1:3: unclosed action'],
    ['{{ (1 }}', '1:7: unclosed left paren'],
    ['{{ 1 | 2 }}', '1:8: non executable command in pipeline stage 2'],
    ['{{ break }}', '1:4: {{break}} outside {{range}}'],
    ['{{/* x }}', '1:1: unclosed comment'],
    ['{{ 99999999999999999999 }}', '1:4: integer 99999999999999999999 does not fit 64 bits'],
  ])('refuses %s', (template, message) => {
    expect(() => new Template(template)).toThrow(message);
  });

  it.each([
    ['{{ if gt $value 1 }}x{{ end }}', '1:7: error calling gt: incompatible types for comparison: float64 and int'],
    ['{{ first (query "nope") }}', '1:4: error calling first: first() called on vector with no elements'],
    ['{{ $labels.job.x }}', "1:4: can't evaluate field x in type string"],
    ['{{ query "bad(" }}', '1:4: error calling query: 1:5: parse error: unclosed left parenthesis'],
    ['{{ humanize "abc" }}', '1:4: error calling humanize: strconv.ParseFloat: parsing "abc": invalid syntax'],
    [
      '{{ reReplaceAll "(" "" "" }}',
      '1:4: error calling reReplaceAll: regexp: Compile(`(`): error parsing regexp: missing closing ): `(`',
    ],
    ['{{ define "t" }}{{ template "t" }}{{ end }}{{ template "t" }}', 'templates call each other more than 100 deep'],
    ['{{ range 1000000 }}{{ end }}', 'the template took more than 100000 steps'],
    ['{{ range 70000 }}x{{ end }}', 'more than'],
    ['{{ printf "%99999d" 1 }}', 'width must be at most 10000, got 99999'],
    ['{{ range $i := 30 }}{{ query (print $i) }}{{ end }}', 'more than 20 queries in one template'],
  ])('fails to expand %s', async (template, message) => {
    await expect(expand(template)).rejects.toThrow(message);
  });

  it('asks each query once, however often the expansion begins anew', async () => {
    const asked: string[] = [];
    const counting: TemplateQuery = async (expr) => {
      asked.push(expr);
      return [q1];
    };
    const text = '{{ query "a" | first | value }}{{ query "b" | first | value }}{{ query "a" | first | value }}';
    expect(await new Template(text).expand(data, counting)).toBe('222');
    expect(asked).toEqual(['a', 'b']);
  });
});
