import { Anchor } from '@mantine/core';

/** Shows the rest of a list that shows its first rows, and hides it again; nothing when there is no rest. */
export function MoreButton({
  rest,
  isOpen,
  onToggle,
}: {
  /** How many rows are not among the first. */
  readonly rest: number;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}) {
  if (rest <= 0) return null;
  return (
    <Anchor
      component="button"
      display="block"
      type="button"
      fz="xs"
      ta="left"
      onClick={onToggle}
      aria-expanded={isOpen}
    >
      {isOpen ? 'Show fewer' : `Show ${rest} more`}
    </Anchor>
  );
}
