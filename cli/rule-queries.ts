import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { QueryFunc } from '../alerting/query-func.ts';
import { createEngine } from '../query/engine.ts';
import { RecentSamples } from '../storage/recent/recent-samples.ts';
import type { Storage } from '../storage/storage.ts';
import type { PharosConfig } from './config/config.ts';
import { queryFuncOf } from './query-func.ts';
import { engineOptions } from './query-role.ts';
import type { Settings } from './settings.ts';

/** What rules and policies read with. */
export interface RuleQueries {
  readonly recent: RecentSamples;
  readonly queryFunc: QueryFunc;
}

export interface RuleQueriesDeps {
  readonly storage: Storage;
  /** Whether other processes write to the store too. */
  readonly otherWriters: boolean;
  readonly config: PharosConfig;
  readonly settings: Settings;
  readonly registry: Registry;
  readonly logger: Logger;
}

/** Expressions of rules whose plans are kept. */
const KEPT_PLANS = 5000;

/**
 * An engine for rules, in front of which recent samples are in memory. What the process appends must go through the storage that
 * `recent` has, which is also the one to close.
 */
export function createRuleQueries(deps: RuleQueriesDeps): RuleQueries {
  const { storage, otherWriters, config, settings, registry, logger } = deps;
  const recent = new RecentSamples({ storage, otherWriters, registry, logger });
  const engine = createEngine({
    ...engineOptions(config, settings),
    querier: recent.storage.querier,
    keptPlans: KEPT_PLANS,
  });
  return { recent, queryFunc: queryFuncOf(engine) };
}
