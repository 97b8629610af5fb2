import { describe, expect, it } from 'vitest';
import { GoDuration } from './go-duration.ts';
import { GoTime } from './go-time.ts';
import { notificationFunctions } from './notification-functions.ts';
import { TemplateSet } from './template-set.ts';
import { ZERO_TIME } from './time-methods.ts';
import { GoMap, GoStruct } from './value.ts';

const NOON = Date.UTC(2026, 2, 2, 12);
const data = new GoStruct('data', {
  Name: 'a <b> & "c"',
  Url: 'https://h/p?a=1&b=2',
  Bad: 'javascript:alert(1)',
  At: new GoTime(NOON),
  End: new GoTime(NOON + 3_723_500),
  Zero: new GoTime(ZERO_TIME),
  Took: GoDuration.ofMilliseconds(93_784_000),
  Names: ['x', 'y'],
  Map: GoMap.ofStrings([['k', 'v']]),
});
const set = (...texts: string[]) =>
  new TemplateSet(
    texts.map((text, i) => ({ file: `dir/f${i}.tmpl`, text })),
    notificationFunctions({ now: () => NOON + 90_000 }),
  );

describe('a set of templates', () => {
  it('calls definitions of all its files, of which later ones replace earlier ones unless they are empty', () => {
    const files = set(
      '{{ define "a" }}old{{ end }}{{ define "b" }}[{{ template "a" . }}]{{ end }}{{ define "c" }}kept{{ end }}',
      '{{ define "a" }}new {{ .Name }}{{ end }}{{ define "c" }} {{ end }}whole file {{ template "a" . }}',
    );
    expect(files.text('{{ template "b" . }} {{ template "c" . }}', data)).toBe('[new a <b> & "c"] kept');
    expect(files.text('{{ template "f1.tmpl" . }}', data)).toBe('whole file new a <b> & "c"');
    expect(files.text('{{ define "a" }}own{{ end }}{{ template "b" . }}', data)).toBe('[own]');
    expect(files.text('{{ block "d" . }}{{ .Name }}{{ end }}', data)).toBe('a <b> & "c"');
  });

  it('says in which file and line something failed', () => {
    const files = set('x\n{{ define "a" }}{{ .Nope }}{{ end }}', '{{ if }}');
    expect(files.problems.map(({ file, error }) => `${file}: ${error.message}`)).toEqual([
      'dir/f1.tmpl: 1:7: missing value for if',
    ]);
    expect(() => files.text('{{ template "a" . }}', data)).toThrow(
      "dir/f0.tmpl:2:20: can't evaluate field Nope in type data",
    );
    expect(() => files.text('{{ template "nope" . }}', data)).toThrow('1:1: template "nope" not defined');
    expect(() => files.check('{{ nope }}')).toThrow('1:4: function "nope" not defined');
  });

  it.each([
    ['{{ toUpper "a" }}{{ toLower "B" }} {{ title "hello wORLD" }} [{{ trimSpace " x " }}]', 'Ab Hello World [x]'],
    ['{{ join ", " .Names }} {{ .Names | join "-" }} {{ stringSlice "a" "b" | join "" }}', 'x, y x-y ab'],
    ['{{ join "" (append (list "a") "b" "c") }} {{ len (list 1 2) }}', 'abc 2'],
    ['{{ match "a+" "caat" }} {{ reReplaceAll "(a+)" "<$1>" "caat" }}', 'true c<aa>t'],
    ['{{ date "2006-01-02 15:04:05 MST" .At }}', '2026-03-02 12:00:00 UTC'],
    ['{{ .At | tz "Asia/Shanghai" | date "2006-01-02 15:04 MST -0700 Z07:00" }}', '2026-03-02 20:00 CST +0800 +08:00'],
    ['{{ (tz "Europe/Paris" .At).Format "15:04 MST" }} {{ (tz "America/New_York" .At).Hour }}', '13:00 CET 7'],
    ['{{ (.At.Add 28800e9).Format "15:04" }} {{ .End.Sub .At }} {{ (.End.Sub .At).Seconds }}', '20:00 1h2m3.5s 3723.5'],
    [
      '{{ .At.Before .End }} {{ .At.After .End }} {{ .Zero.IsZero }} {{ .At.Unix }} {{ .Zero }}',
      'true false true 1772452800 0001-01-01 00:00:00 +0000 UTC',
    ],
    [
      '{{ since .At }} {{ humanizeDuration (since .At) }} {{ humanizeDuration .Took }} {{ .Took }}',
      '1m30s 1m 30s 1d 2h 3m 4s 26h3m4s',
    ],
    ['{{ gt (since .At) 1000 }} {{ .Took.Hours | printf "%.1f" }} {{ printf "%d" .Took }}', 'true 26.1 93784000000000'],
    ['{{ urlUnescape "a%20b+c" }} {{ safeHtml "<b>" }} {{ .Name | html }}', 'a b c <b> a &lt;b&gt; &amp; &#34;c&#34;'],
    [
      '{{ toJson .Name }} {{ toJson .Names }} {{ toJson .Map }} {{ toJson .At }}',
      '"a \\u003cb\\u003e \\u0026 \\"c\\"" ["x","y"] {"k":"v"} "2026-03-02T12:00:00Z"',
    ],
    ['{{ humanize 1234567.0 }} {{ humanize1024 2048.0 }} {{ humanizePercentage 0.5 }}', '1.235M 2ki 50%'],
  ])('expands %s', (template, text) => {
    expect(set().text(template, data)).toBe(text);
  });

  it.each([
    ['{{ .At | tz "Mars/Olympus" }}', 'unknown time zone Mars/Olympus'],
    ['{{ join "," "abc" }}', 'wrong type of argument for join: wanted a list, got string'],
    ['{{ date "x" "y" }}', 'wrong type of argument for date: wanted time.Time, got string'],
    ['{{ .At.Format }}', 'wrong number of args for Format: want 1 got 0'],
    ['{{ .At.Add 1.5 }}', 'wanted a duration in nanoseconds, got float64'],
    ['{{ urlUnescape "%zz" }}', 'invalid URL escape in "%zz"'],
    [
      '{{ range .Names }}{{ template "loop" . }}{{ end }}{{ define "loop" }}{{ template "loop" . }}{{ end }}',
      'more than 100 deep',
    ],
  ])('refuses %s', (template, message) => {
    expect(() => set().text(template, data)).toThrow(message);
  });

  it.each([
    ['<p>{{ .Name }}</p>', '<p>a &lt;b&gt; &amp; &#34;c&#34;</p>'],
    ['<p title="{{ .Name }}">x</p>', '<p title="a &lt;b&gt; &amp; &#34;c&#34;">x</p>'],
    ['<p title={{ .Name }}>x</p>', '<p title=a&#32;&lt;b&gt;&#32;&amp;&#32;&#34;c&#34;>x</p>'],
    ['<a href="{{ .Url }}">{{ .Url }}</a>', '<a href="https://h/p?a=1&amp;b=2">https://h/p?a=1&amp;b=2</a>'],
    ["<a class='x' href='/search?q={{ .Name }}'>", "<a class='x' href='/search?q=a%20%3cb%3e%20&amp;%20%22c%22'>"],
    ['<a href="{{ .Bad }}">x</a>', '<a href="#ZgotmplZ">x</a>'],
    ['<a href="/x?{{ .Bad }}">x</a>', '<a href="/x?javascript:alert%281%29">x</a>'],
    ['<a onclick="f({{ .Name }})">', '<a onclick="f(&#34;a \\u003cb\\u003e \\u0026 \\&#34;c\\&#34;&#34;)">'],
    [
      '<script>var x = {{ .Name }};</script><b>{{ .Name }}</b>',
      '<script>var x = "a \\u003cb\\u003e \\u0026 \\"c\\"";</script><b>a &lt;b&gt; &amp; &#34;c&#34;</b>',
    ],
    ['<style>{{ .Name }}</style><p style="color: {{ .Name }}">', '<style>ZgotmplZ</style><p style="color: ZgotmplZ">'],
    ['<!-- {{ .Name }} --><i>{{ "a>b" }}</i>', '<i>a&gt;b</i>'],
    ['a<!-- x -->b<!-- {{ if true }} > {{ end }}-->c<p title="<!-- y -->">', 'abc<p title="<!-- y -->">'],
    ['{{ safeHtml "<b>x</b>" }} {{ .Name | html }} {{ "1+1" }}', '<b>x</b> a &lt;b&gt; &amp; &#34;c&#34; 1&#43;1'],
    ['<br {{ "onload=x" }}>{{ if true }}<td a="{{ else }}<td b="{{ end }}{{ "\\"" }}">', '<br ZgotmplZ><td a="&#34;">'],
    ['{{ define "t" }}<i>{{ . }}</i>{{ end }}{{ template "t" .Name }}', '<i>a &lt;b&gt; &amp; &#34;c&#34;</i>'],
  ])('escapes for HTML in %s', (template, text) => {
    expect(set().html(template, data)).toBe(text);
  });
});
