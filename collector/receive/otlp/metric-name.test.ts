import { expect, test } from 'vitest';
import { labelName, metricName, type NamedKind, unitName } from './metric-name.ts';

test.each([
  ['http.server.duration', 's', 'other', 'http_server_duration_seconds'],
  ['system.network.io', 'By', 'counter', 'system_network_io_bytes_total'],
  ['speed', 'm/s', 'gauge', 'speed_meters_per_second'],
  ['rate', '1/s', 'gauge', 'rate_per_second'],
  ['requests', '{request}', 'counter', 'requests_total'],
  ['requests', '{request}/m', 'gauge', 'requests_per_minute'],
  ['requests.total', '1', 'counter', 'requests_total'],
  ['total.requests', '', 'counter', 'requests_total'],
  ['cpu.utilization', '1', 'gauge', 'cpu_utilization_ratio'],
  ['ratio.of.cpu', '1', 'gauge', 'of_cpu_ratio'],
  ['cpu.utilization', '1', 'other', 'cpu_utilization'],
  ['disk.free', '%', 'gauge', 'disk_free_percent'],
  ['latency.seconds', 's', 'other', 'latency_seconds'],
  ['seconds.in.state', 's', 'counter', 'seconds_in_state_total'],
  ['weird..name--with__runs', '', 'gauge', 'weird_name_with_runs'],
  ['_leading_', '', 'gauge', 'leading'],
  ['2xx.responses', '', 'gauge', '_2xx_responses'],
  ['rule:kept', '', 'gauge', 'rule:kept'],
  ['temperature', 'Cel', 'gauge', 'temperature_celsius'],
  ['own', 'my.unit', 'gauge', 'own_my_unit'],
  ['own', '_unit_', 'gauge', 'own_unit'],
  ['größe', '', 'gauge', 'gr_e'],
  ['...', '', 'gauge', ''],
] as const satisfies readonly (readonly [string, string, NamedKind, string])[])(
  '%s in %j as %s is %s',
  (name, unit, kind, wanted) => {
    expect(metricName(name, unit, kind)).toBe(wanted);
  },
);

test.each([
  ['s', 'seconds'],
  ['m/s', 'meters_per_second'],
  ['1/s', 'per_second'],
  ['1', ''],
  ['{request}', ''],
])('the unit %s is %s', (unit, wanted) => expect(unitName(unit)).toBe(wanted));

test.each([
  ['http.method', 'http_method'],
  ['ok', 'ok'],
  ['1st', 'key_1st'],
  ['_private', 'key_private'],
  ['__reserved', '__reserved'],
  ['a--b', 'a__b'],
  ['größe', 'gr__e'],
  ['a:b', 'a_b'],
])('the attribute %s is the label %s', (key, wanted) => expect(labelName(key)).toBe(wanted));
