import { expect, it } from 'vitest';
import { unescapeName } from './label-name.ts';

it.each([
  ['job', 'job'],
  ['', ''],
  ['U__http_2e_status', 'http.status'],
  ['U__a__b', 'a_b'],
  ['U___1f600_', '😀'],
  ['U__', ''],
  ['U__a_zz_', 'U__a_zz_'],
  ['U__a_', 'U__a_'],
  ['U___d800_', 'U___d800_'],
  ['U___110000_', 'U___110000_'],
])('%s means %s', (name, label) => {
  expect(unescapeName(name)).toBe(label);
});
