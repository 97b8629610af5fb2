import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Labels } from '../../storage/labels.ts';
import { Matcher, type MatchOp } from '../../storage/matcher.ts';
import { compareMatchers, labelSetText, matchersText } from '../group-key.ts';
import type { Route } from './configuration/configuration.ts';
import { ROUTE_DEFAULTS } from './configuration/parse-route.ts';
import { groupLabels, matchesAll, matchingRoutes } from './route.ts';

const value = fc.constantFrom('', 'x', 'y');
const name = fc.constantFrom('a', 'b', 'c');
const matcher = fc
  .tuple(name, fc.constantFrom<MatchOp>('=', '!=', '=~', '!~'), value)
  .map(([label, op, text]) => new Matcher(label, op, text));
const labels = fc.record({ a: value, b: value, c: value }).map((object) => Labels.from(object));

interface Shape {
  readonly matchers: readonly Matcher[];
  readonly continue: boolean;
  readonly routes: readonly Shape[];
}

const { tree } = fc.letrec<{ tree: Shape }>((tie) => ({
  tree: fc.record({
    matchers: fc.array(matcher, { maxLength: 2 }),
    continue: fc.boolean(),
    routes: fc.oneof({ maxDepth: 3 }, fc.constant([]), fc.array(tie('tree'), { maxLength: 3 })),
  }),
}));

const routeOf = (shape: Shape, id = '0'): Route => ({
  ...ROUTE_DEFAULTS,
  ...{ ...shape, id, key: '', receiver: '', muteTimeIntervals: [], activeTimeIntervals: [] },
  routes: shape.routes.map((child, i) => routeOf(child, `${id}.${i}`)),
});

/** The same, found in another way: the children up to the first that takes it and does not continue, and if there are none the route. */
function reached(route: Route, set: Labels): string[] {
  if (!matchesAll(route.matchers, set)) return [];
  const first = route.routes.findIndex((child) => !child.continue && reached(child, set).length > 0);
  const tried = first < 0 ? route.routes : route.routes.slice(0, first + 1);
  const below = tried.flatMap((child) => reached(child, set));
  return below.length > 0 ? below : [route.id];
}

it('alerts take the routes that they should, in any tree', () => {
  fc.assert(
    fc.property(tree, labels, (shape, set) => {
      const root = routeOf({ ...shape, matchers: [] });
      const taken = matchingRoutes(root, set).map(({ id }) => id);
      expect(taken.length).toBeGreaterThan(0);
      expect(taken).toEqual(reached(root, set));
      expect(taken).toEqual([...new Set(taken)]);
    }),
  );
});

it('an alert belongs to the group of the labels that it is grouped by', () => {
  const set = Labels.from({ a: '1', b: '2' });
  expect(groupLabels(set, { groupBy: ['b', 'z'], groupByAll: false }).toObject()).toEqual({ b: '2' });
  expect(groupLabels(set, { groupBy: [], groupByAll: false }).size).toBe(0);
  expect(groupLabels(set, { groupBy: ['b'], groupByAll: true })).toBe(set);
});

it('keys of groups are written as Alertmanager writes them', () => {
  const matchers = [
    new Matcher('b', '=~', 'x|"y"\n\\d'),
    new Matcher('a', '!=', '2'),
    new Matcher('a', '=', '2'),
    new Matcher('a', '=', '1'),
    new Matcher('with space', '=', 'ü'),
  ];
  expect(matchersText(matchers.sort(compareMatchers))).toBe(
    '{a="1",a="2",a!="2",b=~"x|\\"y\\"\\n\\\\d","with space"="ü"}',
  );
  expect(matchersText([])).toBe('{}');
  expect(labelSetText(Labels.from({ b: 'x"\u0001', a: 'é', 'svc.name': 'z' }))).toBe(
    '{a="é", b="x\\"\\x01", "svc.name"="z"}',
  );
});
