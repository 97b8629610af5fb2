import { Button, type ButtonProps, Loader } from '@mantine/core';
import type { ComponentPropsWithoutRef, MouseEvent } from 'react';

/** A button of something that takes its time. While `isBusy` it does nothing, and keeps the focus, which a disabled one would lose. */
export function BusyButton({
  isBusy,
  onClick,
  leftSection,
  ...others
}: ButtonProps & Omit<ComponentPropsWithoutRef<'button'>, keyof ButtonProps> & { readonly isBusy: boolean }) {
  return (
    <Button
      {...others}
      {...(isBusy && { 'data-disabled': true })}
      aria-disabled={isBusy}
      leftSection={isBusy ? <Loader size={12} color="currentColor" aria-hidden /> : leftSection}
      onClick={(event: MouseEvent<HTMLButtonElement>) => {
        // Neither is a form sent twice.
        if (isBusy) event.preventDefault();
        else onClick?.(event);
      }}
    />
  );
}
