import type { ReactNode } from 'react';
import classes from './objects.module.css';

/** What is known of an object, as names and values; values that are undefined are left out. */
export function Facts({ items }: { readonly items: readonly (readonly [string, ReactNode | undefined])[] }) {
  return (
    <dl className={classes.facts}>
      {items.map(
        ([name, value]) =>
          value !== undefined && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
