/**
 * Templates of rules, by what they show, with the text that Prometheus 3.5 makes of them. All are expanded for a sample
 * `m{instance="h1:9100", job="node", path="/a b"}` of 1234567.5, with the external label cluster="c1" and the external URL
 * http://ext:9090/p. The query `q` has two answers, `q{a="2", host="web-10"}` of 1 and `q{a="1", host="web-9"}` of 2, and other
 * queries have none.
 */
export const TEMPLATES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'values and labels': {
    'no template': 'no template',
    '{{ $value }}': '1.2345675e+06',
    '{{ .Value }} {{ $.Value }}': '1.2345675e+06 1.2345675e+06',
    '{{ $labels.instance }} {{ .Labels.job }} {{ $labels.path }}': 'h1:9100 node /a b',
    '{{ $labels.nope }}|{{ index $labels "job" }}|{{ index $labels "nope" }}|': '|node||',
    '{{ $externalLabels.cluster }} {{ .ExternalLabels.cluster }} {{ $externalLabels.nope }}|': 'c1 c1 |',
    '{{ $externalURL }} {{ .ExternalURL }} {{ externalURL }} {{ pathPrefix }}':
      'http://ext:9090/p http://ext:9090/p http://ext:9090/p /p',
    '{{ $labels }}': 'map[__name__:m instance:h1:9100 job:node path:/a b]',
    '{{ . }}': '{map[__name__:m instance:h1:9100 job:node path:/a b] map[cluster:c1] http://ext:9090/p 1.2345675e+06}',
    '{{ range $k, $v := $labels }}{{ $k }}={{ $v }};{{ end }}': '__name__=m;instance=h1:9100;job=node;path=/a b;',
    '{{ len $labels }} {{ len $externalLabels }} {{ len "héllo" }}': '4 1 6',
    '{{ $labels.__name__ }}': 'm',
  },
  humanize: {
    '{{ $value | humanize }} {{ humanize 0.0 }} {{ humanize 0.00123 }} {{ humanize 1234.5 }} {{ humanize -1500000.0 }}':
      '1.235M 0 1.23m 1.234k -1.5M',
    '{{ humanize 999.95 }} {{ humanize 999.96 }} {{ humanize 1e30 }} {{ humanize 1e-30 }} {{ humanize 0.9999 }}':
      '1000 1000 1e+06Y 1e-06y 999.9m',
    '{{ humanize "12345" }} {{ humanize "Inf" }} {{ humanize "-inf" }} {{ humanize "NaN" }} {{ humanize 5 }}':
      '12.35k +Inf -Inf NaN 5',
    '{{ humanize1024 1048576.0 }} {{ "123456" | humanize1024 }} {{ humanize1024 0.5 }} {{ humanize1024 -2048.0 }} {{ humanize1024 1e30 }}':
      '1Mi 120.6ki 0.5 -2ki 8.272e+05Yi',
    '{{ humanize1024 1.0 }} {{ humanize1024 1023.9 }} {{ humanize1024 "+Inf" }} {{ humanize1024 3 }}': '1 1024 +Inf 3',
    '{{ humanizeDuration 93784.0 }} {{ humanizeDuration 0.0123 }} {{ humanizeDuration -3661.0 }} {{ humanizeDuration 0 }}':
      '1d 2h 3m 4s 12.3ms -1h 1m 1s 0s',
    '{{ humanizeDuration 59.999 }} {{ humanizeDuration 60.0 }} {{ humanizeDuration 12.3456 }} {{ humanizeDuration 1e-7 }} {{ humanizeDuration -0.5 }}':
      '60s 1m 0s 12.35s 100ns -500ms',
    '{{ "43200" | humanizeDuration }} {{ humanizeDuration "NaN" }} {{ humanizeDuration 90061.5 }} {{ humanizeDuration 86400 }}':
      '12h 0m 0s NaN 1d 1h 1m 1s 1d 0h 0m 0s',
    '{{ humanizePercentage 0.12345 }} {{ humanizePercentage 1.0 }} {{ humanizePercentage -0.001 }} {{ humanizePercentage "0.5" }} {{ humanizePercentage 1e10 }}':
      '12.35% 100% -0.1% 50% 1e+12%',
    '{{ humanizeTimestamp 1435065584.128 }} {{ humanizeTimestamp "0" }} {{ humanizeTimestamp -1.5 }} {{ humanizeTimestamp "Inf" }}':
      '2015-06-23 13:19:44.128 +0000 UTC 1970-01-01 00:00:00 +0000 UTC 1969-12-31 23:59:58.5 +0000 UTC +Inf',
    '{{ humanizeTimestamp 1234567890 }} {{ humanizeTimestamp 1e12 }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:150: executing "__alert_A" at <humanizeTimestamp 1e12>: error calling humanizeTimestamp: 1e+12 cannot be represented as a nanoseconds timestamp since it overflows int64>',
    '{{ humanizePercentage (parseDuration "30s") }} {{ parseDuration "1h30m" }} {{ parseDuration "0" }} {{ parseDuration "250ms" }}':
      '3000% 5400 0 0.25',
    '{{ "1.5e3" | humanize }} {{ "0x10" | humanize }} {{ " 1" | humanize }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:149: executing "__alert_A" at <humanize>: error calling humanize: strconv.ParseFloat: parsing "0x10": invalid syntax>',
  },
  time: {
    '{{ (1435065584 | toTime).Format "2006-01-02T15:04:05Z07:00" }}': '2015-06-23T13:19:44Z',
    '{{ (toTime 1435065584.128).UTC.Format "Mon Jan _2 15:04:05.000 MST 2006" }}': 'Tue Jun 23 13:19:44.128 UTC 2015',
    '{{ (toTime "1435065584").Year }} {{ (toTime 1435065584).Month }} {{ (toTime 1435065584).Day }} {{ (toTime 1435065584).Weekday }}':
      '2015 June 23 Tuesday',
    '{{ (toTime 1435065584).Hour }} {{ (toTime 1435065584).Minute }} {{ (toTime 1435065584).Second }} {{ (toTime 1435065584).YearDay }} {{ (toTime 1435065584).Unix }}':
      '13 19 44 174 1435065584',
    '{{ toTime 1435065584 }} {{ toTime 0.5 }}': '2015-06-23 13:19:44 +0000 UTC 1970-01-01 00:00:00.5 +0000 UTC',
    '{{ (toTime 1e9).Format "06/1/2 3:4:5 PM pm January Monday -0700 002" }}':
      '01/9/9 1:46:40 AM am September Sunday +0000 252',
  },
  'printf and its kin': {
    '{{ printf "%.2f" $value }} {{ printf "%d" $value }} {{ printf "%.0f" $value }}':
      '1234567.50 %!d(float64=1.2345675e+06) 1234568',
    '{{ printf "%s %q %v %x %X %t %% %e %g" "a" "b\\n" "c" "hi" 255 true 1.5 1e-7 }}':
      'a "b\\n" c 6869 FF true % 1.500000e+00 1e-07',
    '{{ printf "%d %s" "a" 5 }} {{ printf "%d" }} {{ printf "a" 1 }} {{ printf "%!" }} {{ printf "%z" 1 }}':
      '%!d(string=a) %!s(int=5) %!d(MISSING) a%!(EXTRA int=1) %!!(MISSING) %!z(int=1)',
    '{{ printf "%6.2f|%-8.3f|%+.1f|%08.3f|% d" 3.14159 2.5 1.0 -3.14159 7 }}': '  3.14|2.500   |+1.0|-003.142| 7',
    '{{ printf "%.0f %.0f %.2f %.4g" 2.5 3.5 0.125 1234.5 }}': '2 4 0.12 1234',
    '{{ printf "%v" $labels }} {{ printf "%s" $labels }} {{ printf "%q" $labels.path }}':
      'map[__name__:m instance:h1:9100 job:node path:/a b] map[__name__:m instance:h1:9100 job:node path:/a b] "/a b"',
    '{{ printf "%5d|%-5d|%05d|%+d|%x|%o|%b|%c|%U" 42 42 42 42 42 42 5 65 9786 }}':
      '   42|42   |00042|+42|2a|52|101|A|U+263A',
    '{{ printf "%#x %#o %#q %+q" 255 8 "a" "ü" }}': '0xff 010 `a` "\\u00fc"',
    '{{ printf "%*d|%-*d|%.*f" 5 42 5 42 1 2.55 }}': '   42|42   |2.5',
    '{{ printf "%T %T %T %T %T" 1 1.5 "a" true $labels }}': 'int float64 string bool map[string]string',
    '{{ printf "%s" 1.5 }} {{ printf "%f" 1 }} {{ printf "%t" 1 }} {{ printf "%d" true }}':
      '%!s(float64=1.5) %!f(int=1) %!t(int=1) %!d(bool=true)',
    '{{ printf "%10s|%-10s|%.2s" "abc" "abc" "abc" }} {{ printf "%v %v" nil true }}':
      '       abc|abc       |ab <nil> true',
    '{{ printf "%.3e %E %G" 123456.789 0.00012 1e21 }} {{ printf "%g %g %g" 1e20 1e21 123456789.0 }}':
      '1.235e+05 1.200000E-04 1E+21 1e+20 1e+21 1.23456789e+08',
    '{{ printf "%6.1f%%" 12.345 }} {{ printf "%.1f" "x" }}': '  12.3% %!f(string=x)',
    '{{ print 1 2 "a" 3.5 4 true }} {{ print }} {{ print "a" "b" 1 2 }}': '1 2a3.5 4 true  ab1 2',
    '{{ println "a" 1 }}{{ println }}': 'a 1\n\n',
    '{{ 1000000.0 }} {{ 1e5 }} {{ 1e-5 }} {{ 0.0001 }} {{ 123456789.0 }} {{ 1e20 }} {{ 1e21 }} {{ 0.1 }} {{ -0.0 }}':
      '1e+06 100000 1e-05 0.0001 1.23456789e+08 1e+20 1e+21 0.1 -0',
    "{{ 0x1F }} {{ 1_000 }} {{ 'a' }} {{ -5 }} {{ 1.5e3 }} {{ 017 }} {{ 0b101 }} {{ 1e3 }}":
      '31 1000 97 -5 1500 15 5 1000',
    '{{ safeHtml "<b>" }}': '<b>',
    '{{ html "<a b=\\"c\\"> & \'x\'" }} {{ js "it\'s <b> \\"q\\" & =" }} {{ urlquery "a b&c/d" "e" }}':
      '&lt;a b=&#34;c&#34;&gt; &amp; &#39;x&#39; it\\\'s \\u003Cb\\u003E \\"q\\" \\u0026 \\u003D a+b%26c%2Fde',
  },
  texts: {
    '{{ title "hello wORLD it\'s a-b c_d" }} {{ toUpper "aßé" }} {{ toLower "ABC ÄÖ" }}':
      "Hello WORLD It's A-B C_d AßÉ abc äö",
    '{{ match "a+" "xaay" }} {{ match "^a" "xa" }} {{ "node" | match "no.*" }}': 'true false true',
    '{{ reReplaceAll "(\\\\w+):(\\\\d+)" "$2-\x24{1}x$$" "host:80 b:9" }}': '80-hostx$ 9-bx$',
    '{{ reReplaceAll "x*" "-" "abxc" }} {{ reReplaceAll "a(?P<n>.)" "[$n]" "abac" }} {{ reReplaceAll "a" "$1x" "banana" }}':
      '-a-b-c- [b][c] bnn',
    '{{ $labels.instance | reReplaceAll ":.*" "" }} {{ reReplaceAll "(?i)NODE" "N" $labels.job }}': 'h1 N',
    '{{ stripPort "host:80" }} {{ stripPort "[::1]:80" }} {{ stripPort "host" }} {{ stripPort "a:b:c" }} {{ $labels.instance | stripPort }}':
      'host ::1 host a:b:c h1',
    '{{ stripDomain "a.b.c:80" }} {{ stripDomain "a.b.c" }} {{ stripDomain "10.0.0.1:80" }} {{ stripDomain "[::1]:80" }} {{ stripDomain "host" }}':
      'a:80 a 10.0.0.1:80 [::1]:80 host',
    '{{ slice "abcdef" 1 3 }} {{ slice "abc" 1 }} {{ index "abc" 1 }} {{ len "abc" }}': 'bc bc 98 3',
    '{{ graphLink "up == 0" }} {{ tableLink "up{a=\\"b\\"}" }}':
      '/graph?g0.expr=up+%3D%3D+0&g0.tab=0 /graph?g0.expr=up%7Ba%3D%22b%22%7D&g0.tab=1',
    '{{ "quoted \\"x\\" \\u00e9 \\x41" }} {{ `raw \\n` }} {{ "tab\\there" }}': 'quoted "x" é A raw \\n tab\there',
    '{{ title "" }}|{{ toUpper $labels.nope }}|{{ stripPort "" }}|{{ reReplaceAll "" "-" "" }}': '|||-',
  },
  queries: {
    '{{ range query "q" }}{{ .Labels.a }}:{{ .Value }} {{ else }}none{{ end }}': '1:2 2:1 ',
    '{{ range query "nothing" }}x{{ else }}none{{ end }}': 'none',
    '{{ query "q" | sortByLabel "a" | first | label "a" }} {{ query "q" | first | value }}': '1 2',
    '{{ with query "q" }}{{ . | first | value | humanize }}{{ end }}{{ with query "nothing" }}x{{ else }}nothing{{ end }}':
      '2nothing',
    '{{ range $i, $e := query "q" | sortByLabel "a" }}{{ $i }}={{ $e.Value }},{{ end }}': '0=2,1=1,',
    '{{ len (query "q") }} {{ query "nothing" | len }}': '2 0',
    '{{ range query "q" | sortByLabel "host" }}{{ .Labels.host }} {{ end }}': 'web-10 web-9 ',
    '{{ range query "q" | sortByLabel "a" }}{{ label "host" . }}/{{ label "nope" . }}/{{ strvalue . }};{{ end }}':
      'web-9//;web-10//;',
    '{{ (query "q" | sortByLabel "a" | first).Value }} {{ (index (query "q" | sortByLabel "a") 1).Labels.a }}': '2 2',
    '{{ range query "q" | sortByLabel "a" }}{{ . }}{{ end }}':
      '{map[__name__:q a:1 host:web-9] 2}{map[__name__:q a:2 host:web-10] 1}',
    '{{ printf "%v" (query "nothing") }} {{ query "nothing" }}': '[] []',
    '{{ with printf "q{a=\'%s\'}" "1" | query }}{{ . | first | value }}{{ else }}no{{ end }}': '2',
  },
  control: {
    '{{ if eq $labels.instance "h1:9100" }}yes{{ else if eq 1 1 }}no{{ end }}': 'yes',
    '{{ if gt $value 1.0 }}big{{ else }}small{{ end }} {{ if lt $value 1.0 }}small{{ else if lt $value 2e6 }}middle{{ else }}big{{ end }}':
      'big middle',
    '{{ if and true $value (lt 1 2) }}t{{ end }}{{ and 0 (index "a" 5) }}{{ or "" "b" }}{{ not 0 }}{{ not "a" }}':
      't0btruefalse',
    '{{ if $labels.nope }}x{{ else }}empty{{ end }} {{ if 0.0 }}x{{ else }}zero{{ end }} {{ if $labels }}labels{{ end }}':
      'empty zero labels',
    '{{ with $labels.nope }}a{{ else with $labels.job }}{{ . }}{{ end }}{{ with $x := 5 }}{{ $x }}{{ . }}{{ end }}':
      'node55',
    '{{ range $i, $e := query "q" | sortByLabel "a" }}{{ $i }}={{ $e.Value }},{{ if eq $i 0 }}{{ continue }}{{ end }}{{ break }}{{ end }}':
      '0=2,1=1,',
    '{{ range 3 }}{{ . }}{{ end }} {{ range $i := 2 }}{{ $i }}{{ end }}{{ range $labels }}[{{ . }}]{{ end }}':
      '012 01[m][h1:9100][node][/a b]',
    '{{ $value | }}{{ "a" | }}': '1.2345675e+06a',
    '{{ $x = 1 }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:120: executing "__alert_A" at <1>: undefined variable: $x>',
    '{{ $x := $x }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:121: executing "__alert_A" at <$x>: undefined variable: $x>',
    '{{ if false }}{{ $x = 1 }}{{ end }}{{ with 1 }}{{ $y := $value }}{{ $y }}{{ end }}': '1.2345675e+06',
    '{{ $x := 5 }}{{ $x = 6 }}{{ $x }}{{ if $y := 7 }}{{ $y }}{{ end }}': '67',
    '{{ $x := 1 }}{{ range query "q" }}{{ $x = .Value }}{{ end }}{{ if ne $x 1 }}changed{{ end }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:178: executing "__alert_A" at <ne $x 1>: error calling ne: incompatible types for comparison: float64 and int>',
    '{{- /* c */ -}}  x  {{- 3 -}}  y{{/* d */}}': 'x3y',
    '{{ define "t" }}[{{ . }}]{{ end }}{{ template "t" "x" }}{{ block "b" 5 }}<{{ . }}>{{ end }}': '[x]<5>',
    '{{ define "u" }}{{ .arg0 }}+{{ .arg1 }}{{ end }}{{ template "u" (args 1 "b") }} {{ (args 1 2).arg1 }} {{ (args 1).zz }}':
      '1+b 2 <no value>',
    '{{ eq 1 2 1 }} {{ eq "a" "a" }} {{ ne 1 2 }} {{ le 2 2 }} {{ ge 1.5 2.5 }} {{ lt "a" "b" }} {{ gt 2 1 }} {{ eq true true }}':
      'true true true true false true true true',
    '{{ 5 | printf "%d-%d" 4 }} {{ "x" | printf "%s%s" "y" | printf "<%s>" }}': '4-5 <yx>',
    '{{ (eq 1 1) | not }} {{ (printf "%s" "a") }} {{ ((1)) }}': 'false a 1',
    '{{ if or (eq $labels.job "x") (eq $labels.job "node") }}either{{ end }}{{ if not (eq $labels.job "x") }} not{{ end }}':
      'either not',
    'a {{ "b" }}\n{{- if true }} c{{ end }}\n  {{ "d" -}}\n  e': 'a b c\n  de',
    '{{ nil | print }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "__alert_A" at <nil>: nil is not a command>',
  },
  'errors, which become part of the text': {
    '{{ if gt $value 1 }}x{{ end }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:118: executing "__alert_A" at <gt $value 1>: error calling gt: incompatible types for comparison: float64 and int>',
    '{{ first (query "nope") }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "__alert_A" at <first (query "nope")>: error calling first: first() called on vector with no elements>',
    '{{ query "nope" | first | value }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:130: executing "__alert_A" at <first>: error calling first: first() called on vector with no elements>',
    '{{ $labels.job.x }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:122: executing "__alert_A" at <$labels.job.x>: can\'t evaluate field x in type string>',
    '{{ query "sum(" }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "__alert_A" at <query "sum(">: error calling query: 1:5: parse error: unclosed left parenthesis>',
    '{{ humanize "abc" }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "__alert_A" at <humanize "abc">: error calling humanize: strconv.ParseFloat: parsing "abc": invalid syntax>',
    '{{ humanizeDuration "1h" }} {{ humanize "" }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "__alert_A" at <humanizeDuration "1h">: error calling humanizeDuration: strconv.ParseFloat: parsing "1h": invalid syntax>',
    '{{ reReplaceAll "(" "" "" }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "__alert_A" at <reReplaceAll "(" "" "">: error calling reReplaceAll: regexp: Compile(`(`): error parsing regexp: missing closing ): `(`>',
    '{{ template "missing" }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:124: executing "__alert_A" at <{{template "missing"}}>: template "missing" not defined>',
    '{{ index $labels 5 }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "__alert_A" at <index $labels 5>: error calling index: value has type int; should be string>',
    '{{ index "abc" 10 }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "__alert_A" at <index "abc" 10>: error calling index: index out of range: 10>',
    '{{ slice "abc" 2 1 }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "__alert_A" at <slice "abc" 2 1>: error calling slice: invalid slice index: 2 > 1>',
    '{{ parseDuration "5 minutes" }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "__alert_A" at <parseDuration "5 minutes">: error calling parseDuration: unknown unit " minutes" in duration "5 minutes">',
    '{{ len 5 }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "__alert_A" at <len 5>: error calling len: len of type int>',
    '{{ .Nope }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "__alert_A" at <.Nope>: can\'t evaluate field Nope in type struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }>',
    '{{ printf }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "__alert_A" at <printf>: wrong number of args for printf: want at least 1 got 0>',
    '{{ toUpper 5 }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:123: executing "__alert_A" at <5>: expected string; found 5>',
    '{{ toUpper "a" "b" }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "__alert_A" at <toUpper>: wrong number of args for toUpper: want 1 got 2>',
    '{{ title }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "__alert_A" at <title>: wrong number of args for title: want 1 got 0>',
    '{{ eq $labels "a" }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "__alert_A" at <eq $labels "a">: error calling eq: incompatible types for comparison: map[string]string and string>',
    '{{ lt true false }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "__alert_A" at <lt true false>: error calling lt: invalid type for comparison>',
    '{{ eq 1 "a" }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "__alert_A" at <eq 1 "a">: error calling eq: incompatible types for comparison: int and string>',
    '{{ range $value }}x{{ end }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:121: executing "__alert_A" at <$value>: range can\'t iterate over 1.2345675e+06>',
    '{{ toTime "Inf" }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "__alert_A" at <toTime "Inf">: error calling toTime: value is NaN or Inf>',
    '{{ humanize $labels }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "__alert_A" at <humanize $labels>: error calling humanize: can\'t convert map[string]string to float>',
    '{{ label "a" $value }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:125: executing "__alert_A" at <$value>: wrong type for value; expected *template.sample; got float64>',
    '{{ sortByLabel "a" "b" }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:131: executing "__alert_A" at <"b">: can\'t handle "b" for arg of type template.queryResult>',
    'line one\nline two {{ humanize "abc" | printf "%s" }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:2:12: executing "__alert_A" at <humanize "abc">: error calling humanize: strconv.ParseFloat: parsing "abc": invalid syntax>',
    '{{ match "(" "a" }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "__alert_A" at <match "(" "a">: error calling match: error parsing regexp: missing closing ): `(`>',
    '{{ "a" 5 }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "__alert_A" at <"a">: can\'t give argument to non-function "a">',
    '{{ $value.Foo }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:121: executing "__alert_A" at <$value.Foo>: can\'t evaluate field Foo in type float64>',
    '{{ range query "q" }}{{ .Nope }}{{ end }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:136: executing "__alert_A" at <.Nope>: can\'t evaluate field Nope in type *template.sample>',
    '{{ if eq (humanize "x") "y" }}a{{ end }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:122: executing "__alert_A" at <humanize "x">: error calling humanize: strconv.ParseFloat: parsing "x": invalid syntax>',
    '{{ with $x := index "abc" 7 }}{{ $x }}{{ end }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:126: executing "__alert_A" at <index "abc" 7>: error calling index: index out of range: 7>',
    '{{ template "t" (first (query "nope")) }}{{ define "t" }}{{ end }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:129: executing "__alert_A" at <first (query "nope")>: error calling first: first() called on vector with no elements>',
    '{{ define "t" }}{{ humanize "abc" }}{{ end }}{{ template "t" . }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:131: executing "t" at <humanize "abc">: error calling humanize: strconv.ParseFloat: parsing "abc": invalid syntax>',
    '{{ toTime 1 | humanize }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:126: executing "__alert_A" at <humanize>: error calling humanize: can\'t convert *time.Time to float>',
    '{{ (toTime 1).Nope }}':
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:123: executing "__alert_A" at <1>: can\'t evaluate field Nope in type *time.Time>',
  },
};

/** What Pharos shows otherwise than Prometheus, and why. */
export const KNOWN_DIFFERENCES: ReadonlyMap<string, string> = new Map([
  ['{{ toTime 1 | humanize }}', 'a time is no pointer here'],
  ['{{ (toTime 1).Nope }}', 'a time is no pointer here'],
]);

/** Texts that are no templates: a rule file with one of them is refused. */
export const NO_TEMPLATES: readonly string[] = [
  '{{ $nope }}',
  'a\n{{ nope 1 }}',
  '{{ if true }}x',
  'x{{ end }}',
  '{{ "abc }}',
  '{{ }}',
  '{{ $value',
  '{{ (1 }}',
  '{{ 1 | 2 }}',
  '{{ break }}',
  '{{/* x }}',
  '{{ 99999999999999999999 }}',
  '{{ else }}',
  '{{ range }}x{{ end }}',
  '{{ define }}x{{ end }}',
  '{{ template }}',
  '{{ .Labels. }}',
  '{{ if true }}{{ else }}{{ else }}{{ end }}',
  '{{ @ }}',
  '{{ 1) }}',
];
