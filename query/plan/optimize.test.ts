import { describe, expect, it } from 'vitest';
import { parseExpr } from '../promql/parser.ts';
import { planFromAst } from './from-ast.ts';
import type { PlanNode } from './nodes.ts';
import { foldConstants } from './optimizers/fold-constants.ts';
import { mergeReads } from './optimizers/merge-reads.ts';
import { pushDown } from './optimizers/push-down.ts';
import { markStepInvariant } from './optimizers/step-invariant.ts';
import { printPlan } from './print.ts';

const options = { start: 0, end: 3_600_000, step: 60_000, lookback: 300_000, evaluationInterval: 60_000 };

const features = new Set(['promql-extended-range-selectors', 'promql-duration-expr']);

function plan(expr: string, optimizer: (plan: PlanNode) => PlanNode = (unchanged) => unchanged): string {
  return printPlan(optimizer(planFromAst(parseExpr(expr, { features }), options)));
}

function tree(text: string): string {
  return text.trim().replace(/^ {4}/gm, '');
}

describe('plan', () => {
  it('resolves what the query decides', () => {
    expect(plan('sum by (a) (rate(foo{b!="1"}[5m] offset 1m @ end()))')).toBe(
      tree(`
    aggregate sum by(a)
      range-call rate
        range-select {__name__="foo",b!="1"}[5m] offset 1m @ 3600`),
    );
  });

  it('gives a subquery the default step', () => {
    expect(plan('max_over_time((foo)[1h:] @ 60)')).toBe(
      tree(`
    range-call max_over_time
      subquery [1h:1m] @ 60
        select {__name__="foo"}`),
    );
  });

  it('has functions of the clock as vectors and numbers', () => {
    expect(plan('hour() + time()')).toBe(
      tree(`
    vector-scalar +
      vector-call hour
        vector-of
          time
      time`),
    );
  });

  it('keeps what reaches beyond its window apart from what does not', () => {
    expect(plan('rate(foo[5m] smoothed) + foo smoothed')).toBe(
      tree(`
    vector-binary + ignoring()
      range-call rate
        extended-range-select {__name__="foo"}[5m] smoothed
      smoothed-select {__name__="foo"}`),
    );
    expect(() => plan('foo[5m - 5m]')).toThrow(/^4:11: duration must be greater than 0$/);
    expect(() => plan('deriv(foo[5m] anchored)')).toThrow('anchored modifier can only be used with');
  });
});

describe('foldConstants', () => {
  it('computes numbers', () => {
    expect(plan('foo * (60 * -5)', foldConstants)).toBe(
      tree(`
    vector-scalar *
      select {__name__="foo"}
      number -300`),
    );
  });

  it('leaves time() alone', () => {
    expect(plan('time() - 2 ^ 3', foldConstants)).toBe(
      tree(`
    scalar-binary -
      time
      number 8`),
    );
  });
});

describe('mergeReads', () => {
  it('lets the same selector read the same samples', () => {
    expect(plan('rate(foo[1h]) / foo', mergeReads)).toBe(
      tree(`
    vector-binary / ignoring()
      range-call rate
        range-select {__name__="foo"}[1h]
      select {__name__="foo"} read 1h`),
    );
  });

  it('knows the same series however the matchers are written', () => {
    expect(plan('rate(foo{a="1",b="2"}[10m]) / {b="2",a="1",__name__="foo"}', mergeReads)).toMatch(
      /select .* read 10m$/,
    );
  });

  it('keeps different series, times and subqueries apart', () => {
    const expr = 'max_over_time(foo[1h:1m]) + foo + sum_over_time(foo[30m] offset 5m) + sum_over_time(bar[40m])';
    expect(plan(expr, mergeReads)).toBe(plan(expr));
  });

  it('does not read twenty times too much', () => {
    const expr = 'sum_over_time(foo[1d]) / foo';
    expect(plan(expr, mergeReads)).toBe(plan(expr));
  });
});

describe('markStepInvariant', () => {
  it('marks the largest part that is pinned', () => {
    expect(plan('sum(rate(foo[5m] @ 100)) / bar', markStepInvariant)).toBe(
      tree(`
    vector-binary / ignoring()
      step-invariant
        aggregate sum by()
          range-call rate
            range-select {__name__="foo"}[5m] @ 100
      select {__name__="bar"}`),
    );
  });

  it.each([
    'predict_linear(foo[5m] @ 100, 60)',
    'timestamp(abs(foo @ 100))',
    'foo @ 100 + time()',
    'foo + bar @ 100 > foo',
  ])('leaves %s as a whole', (expr) => {
    expect(plan(expr, markStepInvariant)).not.toMatch(/^step-invariant/);
  });
});

describe('pushDown', () => {
  const always = (node: PlanNode) => pushDown(node, { mode: 'always', start: 0, end: 0, step: 0 });
  /** An hour at a step that gives each series about as many values as it has samples. */
  const auto = (steps: number) => (node: PlanNode) =>
    pushDown(node, { mode: 'auto', start: 0, end: 3_600_000, step: 3_600_000 / (steps - 1) });

  it('marks functions and aggregations of them', () => {
    expect(plan('sum by (a) (rate(foo[5m] offset 1m)) / max(foo)', always)).toBe(
      tree(`
    vector-binary / ignoring()
      pushed
        aggregate sum by(a)
          pushed
            range-call rate
              range-select {__name__="foo"}[5m] offset 1m
      pushed
        aggregate max by()
          pushed
            select {__name__="foo"}`),
    );
  });

  it('leaves functions that the store computes in another way or not at all', () => {
    const expr = 'deriv(foo[5m]) + sum(increase(foo[5m] anchored)) + stddev(quantile_over_time(0.5, foo[5m]))';
    expect(plan(expr, always)).toBe(plan(expr));
    expect(plan('rate(foo[5m])[1h:1m]', always)).toMatch(/^subquery .*\n {2}pushed/);
    expect(plan('rate(abs(foo)[1h:1m])', always)).toMatch(/^range-call rate\n(.*\n){2} +pushed\n +select/);
    expect(plan('topk(1, sum(sum(foo)))', always)).toMatch(
      /^aggregate topk by\(\)\n.*\n +aggregate sum by\(\)\n +pushed\n +aggregate sum/,
    );
  });

  it('saves what is transferred', () => {
    expect(plan('rate(foo[5m])', auto(200))).toMatch(/^pushed/);
    expect(plan('rate(foo[5m])', auto(300))).toBe(plan('rate(foo[5m])'));
    expect(plan('sum(rate(foo[5m]))', auto(300))).toBe(
      `pushed\n  ${plan('sum(rate(foo[5m]))').replace(/\n/g, '\n  ')}`,
    );
    expect(plan('sum(rate(foo[5m]))', auto(3000))).toBe(plan('sum(rate(foo[5m]))'));
  });

  it('reckons with the steps that a part runs on', () => {
    const pinned = (node: PlanNode) => auto(3000)(markStepInvariant(node));
    expect(plan('rate(foo[5m] @ 60)', pinned)).toMatch(/^step-invariant\n +pushed/);
    expect(plan('max_over_time(rate(foo[5m])[1h:1m])', auto(3000))).toMatch(/\n +pushed\n/);
    expect(plan('max_over_time(rate(foo[5m])[1h:10s])', auto(3))).not.toMatch('pushed');
  });

  it('does not ask twice for what is read once', () => {
    const expr = 'sum(rate(foo[5m])) / count(rate(foo[5m]))';
    expect(plan(expr, auto(100))).toBe(plan(expr));
  });
});
