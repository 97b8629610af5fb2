import { expect, it } from 'vitest';
import {
  interpolate,
  repeatedFor,
  resolveVariables,
  type TemplateVariable,
  variablesIn,
} from './template-variables.ts';

const VALUES: Readonly<Record<string, readonly string[]>> = {
  'cluster|up': ['a', 'b'],
  'instance|up{cluster="a"}': ['10.0.0.1:9100', '10.0.0.2:9100'],
  'namespace|': ['data', 'web'],
};

async function resolved(...variables: TemplateVariable[]): Promise<Record<string, string>> {
  const values = await resolveVariables(variables, {
    builtIn: new Map(),
    labelValues: async (label, selector = '') => VALUES[`${label}|${selector}`] ?? [],
  });
  return Object.fromEntries(variables.map(({ name }) => [name, interpolate(`$${name}`, values)]));
}

const cluster: TemplateVariable = { name: 'cluster', type: 'query', query: 'label_values(up, cluster)' };
const instance: TemplateVariable = {
  name: 'instance',
  type: 'query',
  query: { query: 'label_values(up{cluster="$cluster"}, instance)' },
};

it('takes the first option, and leaves a single value as it is', async () => {
  expect(await resolved(cluster, instance)).toEqual({ cluster: 'a', instance: '10.0.0.1:9100' });
});

it('keeps the value that is saved, unless it is no option any more', async () => {
  expect(await resolved({ ...cluster, current: { value: 'b' } })).toEqual({ cluster: 'b' });
  expect(await resolved({ ...cluster, current: { value: 'gone' } })).toEqual({ cluster: 'a' });
});

it('stands for all options, escaped for a regular expression in a string, or for the text given for all', async () => {
  const all = { ...instance, includeAll: true, current: { value: ['$__all'] } };
  const escaped = String.raw`(10\\.0\\.0\\.1:9100|10\\.0\\.0\\.2:9100)`;
  expect(await resolved(cluster, all)).toEqual({ cluster: 'a', instance: escaped });
  expect(await resolved(cluster, { ...all, allValue: '.+' })).toEqual({ cluster: 'a', instance: '.+' });
});

it('asks for a label of all series, keeps what a regular expression captures, and is empty without options', async () => {
  const namespace = { name: 'namespace', type: 'query', query: 'label_values(namespace)' };
  expect(await resolved(namespace)).toEqual({ namespace: 'data' });
  expect(await resolved({ ...namespace, regex: '/(w.)b/' })).toEqual({ namespace: 'we' });
  expect(await resolved({ ...cluster, query: 'label_values(nothing, cluster)' })).toEqual({ cluster: '' });
});

it('takes typed values and lists as they are, and refuses kinds that it does not know', async () => {
  const price = { name: 'price', type: 'textbox', query: '0.03' };
  expect(await resolved(price, { name: 'kind', type: 'custom', query: 'x, y' })).toEqual({ price: '0.03', kind: 'x' });
  await expect(resolved({ name: 'mine', type: 'adhoc' })).rejects.toThrow(
    'mine: variables of type adhoc are not known',
  );
  await expect(resolved({ ...cluster, query: 'metrics(up)' })).rejects.toThrow(
    'expected label_values(…), got metrics(up)',
  );
});

it('replaces variables in all their notations, and leaves others', () => {
  const values = new Map([['a', { values: ['1'], isPattern: false }]]);
  expect(interpolate(`$a $\{a} $\{a:regex} [[a]] $b $\{__data.fields.x}`, values)).toBe(
    `1 1 1 1 $b $\{__data.fields.x}`,
  );
  expect(variablesIn(`rate(x{a="$a", b=~"$\{b:regex}"}[$__rate_interval])`)).toEqual(['a', 'b']);
});

it('writes several values as the format says, and one that does not stand in a pattern so that it can be quoted', () => {
  const several = new Map([['a', { values: ['x.y', 'z'], isPattern: true }]]);
  const text = `$a $\{a:regex} $\{a:pipe} $\{a:csv}`;
  expect(interpolate(text, several)).toBe(String.raw`(x\\.y|z) (x\.y|z) x.y|z x.y,z`);
  expect(interpolate(text, new Map([['a', { ...several.get('a')!, all: '.*' }]]))).toBe('.* .* .* .*');
  expect(interpolate('$a', new Map([['a', { values: ['x"y'], isPattern: false }]]))).toBe(String.raw`x\"y`);
  expect(() => interpolate(`$\{a:lucene}`, several)).toThrow('the format lucene of variables is not known');
});

it('repeats a panel for each value, and for all where All is chosen', async () => {
  const all: TemplateVariable = { ...cluster, includeAll: true, allValue: '.*', current: { value: '$__all' } };
  const labelValues = async () => ['a', 'b'];
  const values = await resolveVariables([all], { builtIn: new Map(), labelValues });
  expect(interpolate('$cluster', values)).toBe('.*');
  expect(repeatedFor('cluster', values).map((one) => interpolate('$cluster', one))).toEqual(['a', 'b']);
  expect(repeatedFor(undefined, values)).toEqual([values]);
});

it('orders options as the variable says', async () => {
  const labelValues = async () => ['n10', 'B2', 'a1', 'n9'];
  const first = async (sort: number) => {
    const variable = { ...cluster, sort };
    return interpolate('$cluster', await resolveVariables([variable], { builtIn: new Map(), labelValues }));
  };
  expect(await Promise.all([0, 1, 2, 3, 4, 5, 6, 7, 8].map(first))).toEqual([
    'n10',
    'B2',
    'n9',
    'a1',
    'n10',
    'a1',
    'n9',
    'a1',
    'n10',
  ]);
});
