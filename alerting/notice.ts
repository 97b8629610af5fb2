/** How often an alert that has not changed is told again. Milliseconds. */
export type Repeat =
  | { readonly kind: 'once' }
  | { readonly kind: 'every'; readonly interval: number }
  /** After `first`, then after twice as long each time, `longest` at most. */
  | { readonly kind: 'exponential'; readonly first: number; readonly longest: number };

/**
 * How an alert wants to be told of where its policy says so; alerts of the same `key` make a group of their own at each receiver, and
 * what is undefined comes from the routes that the alert's labels lead to.
 */
export interface Notice {
  /** Of the policy. */
  readonly key: string;
  /** Names of receivers; none: those that the routes lead to. */
  readonly receivers: readonly string[];
  /** Labels that make alerts one notification; `...` means every alert by itself. */
  readonly groupBy: readonly string[] | undefined;
  readonly groupWait: number | undefined;
  readonly groupInterval: number | undefined;
  readonly repeat: Repeat | undefined;
}
