import type { Labels } from '../../storage/labels.ts';
import type { InhibitRule } from './configuration/configuration.ts';
import { matchesAll } from './route.ts';
import { isResolved, type StoredAlert } from './stored-alert.ts';

interface IndexedRule {
  readonly rule: InhibitRule;
  /** Alerts that the source matchers match, by the values of the labels that must be equal. */
  readonly sources: Map<string, Set<StoredAlert>>;
}

/** Knows which alerts keep which others from being told. */
export class Inhibitor {
  readonly #rules: readonly IndexedRule[];
  /** Where alerts are indexed, so that they are found again after their labels have changed. */
  readonly #places = new Map<StoredAlert, readonly { readonly rule: IndexedRule; readonly key: string }[]>();

  constructor(rules: readonly InhibitRule[]) {
    this.#rules = rules.map((rule) => ({ rule, sources: new Map() }));
  }

  /** Takes an alert, or its new labels. */
  set(stored: StoredAlert): void {
    if (this.#rules.length === 0) return;
    this.delete(stored);
    const { labels } = stored.alert;
    const places = this.#rules
      .filter(({ rule }) => matchesAll(rule.sourceMatchers, labels))
      .map((rule) => ({ rule, key: equalKey(rule.rule, labels) }));
    if (places.length === 0) return;
    this.#places.set(stored, places);
    for (const { rule, key } of places) {
      let sources = rule.sources.get(key);
      if (sources === undefined) rule.sources.set(key, (sources = new Set()));
      sources.add(stored);
    }
  }

  delete(stored: StoredAlert): void {
    for (const { rule, key } of this.#places.get(stored) ?? []) {
      const sources = rule.sources.get(key);
      sources?.delete(stored);
      if (sources?.size === 0) rule.sources.delete(key);
    }
    this.#places.delete(stored);
  }

  /**
   * Fingerprints of the firing alerts that keep one with these labels from being told. An alert that is both a source and a target of
   * a rule is not inhibited by another such alert.
   */
  inhibiting(labels: Labels, now: number): readonly string[] {
    const found: string[] = [];
    for (const { rule, sources } of this.#rules) {
      if (sources.size === 0 || !matchesAll(rule.targetMatchers, labels)) continue;
      const candidates = sources.get(equalKey(rule, labels));
      if (candidates === undefined) continue;
      const isSource = matchesAll(rule.sourceMatchers, labels);
      for (const source of candidates) {
        if (isResolved(source, now)) continue;
        if (isSource && matchesAll(rule.targetMatchers, source.alert.labels)) continue;
        found.push(source.fingerprint);
      }
    }
    return found;
  }
}

function equalKey({ equal }: InhibitRule, labels: Labels): string {
  return JSON.stringify(equal.map((name) => labels.get(name)));
}
