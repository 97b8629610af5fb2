import { expect, it } from 'vitest';
import { foreignOrigin } from './foreign-origin.ts';

const SELF = { address: '127.0.0.1', hosts: ['pharos.example'] };

it.each([
  ['no browser', {}, undefined],
  ['its own page', { origin: 'http://127.0.0.1:9090', host: '127.0.0.1:9090' }, undefined],
  ['its own page by another of its addresses', { origin: 'http://[::1]:9090', host: '[::1]:9090' }, undefined],
  ['its own page by name', { origin: 'http://localhost:9090', host: 'localhost:9090' }, undefined],
  [
    'its own page behind a proxy',
    { origin: 'https://pharos.example', host: 'x:1', 'x-forwarded-host': 'pharos.example' },
    undefined,
  ],
  ['a page of another site', { origin: 'https://evil.example', host: '127.0.0.1:9090' }, 'https://evil.example'],
  ['a page of another port', { origin: 'http://127.0.0.1:1', host: '127.0.0.1:9090' }, 'http://127.0.0.1:1'],
  ['a page without an origin', { origin: 'null', host: '127.0.0.1:9090' }, 'null'],
  ['a link', { host: '127.0.0.1:9090', 'sec-fetch-site': 'cross-site' }, 'another site'],
  [
    'a name that somebody has point here',
    { origin: 'http://evil.example:9090', host: 'evil.example:9090' },
    'http://evil.example:9090',
  ],
  [
    'a name like one of ours',
    { origin: 'http://notlocalhost:9090', host: 'notlocalhost:9090' },
    'http://notlocalhost:9090',
  ],
])('tells whose page it is: %s', (_, headers, wanted) => {
  expect(foreignOrigin(headers, SELF)).toBe(wanted);
});

it('takes any name of its own where others reach it', () => {
  const headers = { origin: 'http://monitoring:9090', host: 'monitoring:9090' };
  expect(foreignOrigin(headers, { address: '10.0.0.5', hosts: [] })).toBeUndefined();
  expect(foreignOrigin(headers, { address: '::ffff:127.0.0.1', hosts: [] })).toBe('http://monitoring:9090');
});
