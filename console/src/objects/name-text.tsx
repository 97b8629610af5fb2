import { VisuallyHidden } from '@mantine/core';
import { nameParts } from './name-parts.ts';
import classes from './name-text.module.css';

/**
 * A name of an object, in one line: where there is no room for all of it, it is cut in the middle, and the whole name is where the mouse rests.
 * It is always all there for whoever copies it or has it read out, and on a phone for everybody, in as many lines as it takes.
 */
export function NameText({ children: name }: { readonly children: string }) {
  const { head, tail, tailWidth } = nameParts(name);
  if (tail === '') return <span className={classes.short}>{name}</span>;
  return (
    <span className={classes.whole} title={name}>
      {/* Two boxes would be read out as two words. */}
      <VisuallyHidden className={classes.spoken} component="span">
        {name}
      </VisuallyHidden>
      <span className={classes.head} style={{ maxWidth: `calc(100% - ${tailWidth}ch)` }} aria-hidden>
        {head}
      </span>
      <span className={classes.tail} style={{ width: `${tailWidth}ch` }} aria-hidden>
        {tail}
      </span>
    </span>
  );
}
