import { describe, expect, it } from 'vitest';
import { fieldsOf } from './field-set.ts';
import { jsonPatch } from './json-patch.ts';
import type { JsonObject } from './json-value.ts';
import { mergePatch } from './merge-patch.ts';
import { serverSideApply } from './server-side-apply.ts';
import { strategicMerge } from './strategic-merge.ts';

const deployment = {
  metadata: { labels: { app: 'x', tier: 'a' }, finalizers: ['one'] },
  spec: {
    replicas: 2,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
    template: {
      spec: {
        containers: [
          { name: 'a', image: 'a:1', ports: [{ containerPort: 80, name: 'http' }], args: ['x', 'y'] },
          { name: 'b', image: 'b:1', env: [{ name: 'K', value: '1' }] },
        ],
        tolerations: [{ key: 'k' }],
      },
    },
  },
};

describe('merge patch', () => {
  it('merges objects, removes with null, replaces lists', () => {
    expect(mergePatch({ a: { b: 1, c: 2 }, d: [1, 2] }, { a: { b: null, e: { f: null } }, d: [3] })).toEqual({
      a: { c: 2, e: {} },
      d: [3],
    });
  });
});

describe('JSON patch', () => {
  it('does all six operations', () => {
    const patched = jsonPatch({ a: [1, 2], b: { c: 'd' }, 'x/y': 1 }, [
      { op: 'test', path: '/b/c', value: 'd' },
      { op: 'add', path: '/a/1', value: 9 },
      { op: 'add', path: '/a/-', value: 10 },
      { op: 'replace', path: '/x~1y', value: 2 },
      { op: 'copy', from: '/b', path: '/e' },
      { op: 'move', from: '/b/c', path: '/f' },
      { op: 'remove', path: '/a/0' },
    ]);
    expect(patched).toEqual({ a: [9, 2, 10], b: {}, 'x/y': 2, e: { c: 'd' }, f: 'd' });
  });

  it('refuses what cannot be done', () => {
    expect(() => jsonPatch({}, [{ op: 'remove', path: '/a' }])).toThrow('does not exist');
    expect(() => jsonPatch({}, [{ op: 'add', path: '/a/b', value: 1 }])).toThrow('does not exist');
    expect(() => jsonPatch({ a: [] }, [{ op: 'add', path: '/a/1', value: 1 }])).toThrow('out of bounds');
    expect(() => jsonPatch({ a: 1 }, [{ op: 'test', path: '/a', value: 2 }])).toThrow('testing path /a failed');
    expect(() => jsonPatch({}, [{ op: 'grow', path: '/a' }])).toThrow('unexpected kind');
  });
});

describe('strategic merge patch', () => {
  const containers = (patch: JsonObject) =>
    (strategicMerge(deployment, { spec: { template: { spec: patch } } }) as typeof deployment).spec.template.spec;

  it('merges lists by the key of their items', () => {
    const { containers: merged } = containers({
      containers: [
        { name: 'b', image: 'b:2', env: [{ name: 'L', value: '2' }] },
        { name: 'c', image: 'c:1' },
      ],
    });
    expect(merged.map(({ name, image }) => `${name} ${image}`)).toEqual(['a a:1', 'b b:2', 'c c:1']);
    expect(merged[1]!.env).toEqual([
      { name: 'K', value: '1' },
      { name: 'L', value: '2' },
    ]);
  });

  it('replaces lists without a key, and merges sets', () => {
    expect(containers({ tolerations: [{ key: 'other' }] }).tolerations).toEqual([{ key: 'other' }]);
    expect(containers({ containers: [{ name: 'a', args: ['z'] }] }).containers[0]!.args).toEqual(['z']);
    expect(strategicMerge(deployment, { metadata: { finalizers: ['two'] } })).toMatchObject({
      metadata: { finalizers: ['one', 'two'] },
    });
  });

  it('obeys directives', () => {
    expect(containers({ containers: [{ name: 'a', $patch: 'delete' }] }).containers.length).toBe(1);
    expect(containers({ containers: [{ $patch: 'replace' }, { name: 'z' }] }).containers).toEqual([{ name: 'z' }]);
    expect(
      containers({ '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] }).containers.map(({ name }) => name),
    ).toEqual(['b', 'a']);
    expect(
      strategicMerge(deployment, { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } }),
    ).toMatchObject({
      spec: { strategy: { type: 'Recreate' } },
    });
    expect(
      (strategicMerge(deployment, { spec: { strategy: { $patch: 'replace', type: 'Recreate' } } }) as JsonObject).spec,
    ).toMatchObject({ strategy: { type: 'Recreate' } });
    expect(strategicMerge(deployment, { metadata: { '$deleteFromPrimitiveList/finalizers': ['one'] } })).toMatchObject({
      metadata: { finalizers: [] },
    });
    expect(strategicMerge(deployment, { metadata: { labels: { tier: null } } })).toMatchObject({
      metadata: { labels: { app: 'x' } },
    });
  });
});

describe('server-side apply', () => {
  const apply = (before: JsonObject | undefined, spec: JsonObject, given: { manager: string; force?: boolean }) =>
    serverSideApply(
      before,
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x' }, spec },
      { custom: false, time: 't', force: false, ...given },
    );
  const containers = (image: string, more: JsonObject = {}) => ({ containers: [{ name: 'a', image, ...more }] });

  it('remembers the fields of each manager and removes what one gives up', () => {
    const first = apply(
      undefined,
      { replicas: 2, paused: true, ...containers('a:1', { tty: true }) },
      { manager: 'me' },
    );
    expect((first.metadata as { managedFields: { fieldsV1: object }[] }).managedFields[0]!.fieldsV1).toEqual({
      'f:spec': {
        'f:replicas': {},
        'f:paused': {},
        'f:containers': { 'k:{"name":"a"}': { 'f:name': {}, 'f:image': {}, 'f:tty': {} } },
      },
    });
    const second = apply(first, containers('a:2'), { manager: 'me' });
    expect(second.spec).toEqual({ containers: [{ name: 'a', image: 'a:2' }] });
    const defaulted = {
      ...second,
      spec: { containers: [{ name: 'a', image: 'a:2', pull: 'Always' }, { name: 'side' }] },
    };
    const third = apply(defaulted, { containers: [{ name: 'b' }] }, { manager: 'me' });
    expect(third.spec).toEqual({ containers: [{ name: 'side' }, { name: 'b' }] });
  });

  it('refuses to change what another manager applied, unless forced', () => {
    const first = apply(undefined, { replicas: 2, ...containers('a:1') }, { manager: 'me' });
    expect(() => apply(first, { replicas: 3 }, { manager: 'you' })).toThrow(
      'Apply failed with 1 conflict: conflict with "me" using apps/v1: .spec.replicas',
    );
    expect(apply(first, { replicas: 2 }, { manager: 'you' }).spec).toMatchObject({ replicas: 2 });
    const forced = apply(first, { replicas: 3 }, { manager: 'you', force: true });
    expect(forced.spec).toEqual({ replicas: 3, containers: [{ name: 'a', image: 'a:1' }] });
    // What it lost, it does not remove by giving it up.
    expect(apply(forced, containers('a:1'), { manager: 'me' }).spec).toMatchObject({ replicas: 3 });
  });

  it('names leaves of lists of custom resources as a whole', () => {
    expect(fieldsOf({ containers: [{ name: 'a' }] }, true)).toEqual({ 'f:containers': {} });
  });
});
