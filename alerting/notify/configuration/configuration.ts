import type { Matcher } from '../../../storage/matcher.ts';
import type { IntegrationSettings } from '../integration.ts';
import type { TimeInterval } from './time-interval.ts';

/** A node of the routing tree, with what it inherits filled in. Durations are milliseconds. */
export interface Route {
  /** All must match; sorted as Alertmanager sorts them. */
  readonly matchers: readonly Matcher[];
  /** The matchers from the root to here: `{}/{team="db"}`. Other routes may have the same. */
  readonly key: string;
  /** As `key`, with the positions among siblings: unique. */
  readonly id: string;
  /** Whether siblings behind a match are looked at too. */
  readonly continue: boolean;
  readonly routes: readonly Route[];
  readonly receiver: string;
  /** Labels that make alerts one group. */
  readonly groupBy: readonly string[];
  /** Every alert is a group of its own; `groupBy` does not count. */
  readonly groupByAll: boolean;
  readonly groupWait: number;
  readonly groupInterval: number;
  readonly repeatInterval: number;
  /** Names of time intervals in which nothing is sent. Not inherited. */
  readonly muteTimeIntervals: readonly string[];
  /** Names of time intervals outside of which nothing is sent, if there are any. Not inherited. */
  readonly activeTimeIntervals: readonly string[];
}

/** An alert that the target matchers match is not told while one fires that the source matchers match, with equal labels. */
export interface InhibitRule {
  readonly sourceMatchers: readonly Matcher[];
  readonly targetMatchers: readonly Matcher[];
  /** Labels that must have the same value in both, none counting as a value. */
  readonly equal: readonly string[];
}

export interface Receiver {
  readonly name: string;
  readonly integrations: readonly {
    /** Such as `webhook/0`. */
    readonly name: string;
    readonly settings: IntegrationSettings;
  }[];
}

/** What an Alertmanager's configuration file says. Immutable, complete and checked. */
export interface NotifyConfiguration {
  /** How long a posted alert without an end fires after it was posted last. Milliseconds. */
  readonly resolveTimeout: number;
  readonly route: Route;
  readonly inhibitRules: readonly InhibitRule[];
  readonly timeIntervals: ReadonlyMap<string, readonly TimeInterval[]>;
  readonly receivers: readonly Receiver[];
  /** Patterns of files with templates, absolute; their last component may have a `*`. */
  readonly templates: readonly string[];
  /** As it was written, but without secrets. */
  readonly text: string;
}
