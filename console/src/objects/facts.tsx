import type { ReactNode } from 'react';
import classes from './objects.module.css';

/** What is known of an object, as names and values; values that are undefined are left out. `wide` ones have a line of their own, below. */
export function Facts({
  items,
  wide = [],
}: {
  readonly items: readonly (readonly [string, ReactNode | undefined])[];
  readonly wide?: readonly (readonly [string, ReactNode | undefined])[];
}) {
  const widest = new Set(wide);
  return (
    <dl className={classes.facts}>
      {[...items, ...wide].map(
        (item) =>
          item[1] !== undefined && (
            <div key={item[0]} data-wide={widest.has(item) || undefined}>
              <dt>{item[0]}</dt>
              <dd>{item[1]}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
