import { Button } from '@mantine/core';
import { type ComponentType, useEffect, useRef, useState } from 'react';
import { Icon } from './icon.tsx';
import { isTyping } from './is-typing.ts';

/** What finds places. */
export interface GoToDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  /** What was typed since it was wanted and before it was there. */
  readonly typed: () => string;
}

type Dialog = ComponentType<GoToDialogProps>;

const load = async (): Promise<Dialog> => (await import('../go-to/go-to-dialog.tsx')).default;
const KEY = /Mac|iP/.test(navigator.platform) ? '⌘ K' : 'Ctrl K';

/** Finds a place by its name and goes there; by a button, or Ctrl+K where nothing is typed. What it shows is loaded when it is wanted. */
export function GoTo() {
  const [Shown, setShown] = useState<Dialog>();
  const [isOpen, setIsOpen] = useState(false);
  const typed = useRef('');
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      const { key, target } = event;
      if (key.toLowerCase() !== 'k' || event.ctrlKey === event.metaKey || event.altKey || event.shiftKey) return;
      if (isTyping(event) || (target instanceof Element && target.closest('[role=dialog]') !== null)) return;
      event.preventDefault();
      setIsOpen(true);
    };
    globalThis.addEventListener('keydown', listen);
    return () => globalThis.removeEventListener('keydown', listen);
  }, []);
  useEffect(() => {
    if (!isOpen) return;
    const listen = (event: KeyboardEvent): void => {
      const { key } = event;
      if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (key === 'Escape') setIsOpen(false);
      if (key.length > 1) return;
      typed.current += key;
      event.preventDefault();
      event.stopPropagation();
    };
    globalThis.addEventListener('keydown', listen, true);
    // What cannot be loaded opens nothing; the next try loads it again.
    load().then(
      (dialog) => setShown(() => dialog),
      () => setIsOpen(false),
    );
    return () => {
      typed.current = '';
      globalThis.removeEventListener('keydown', listen, true);
    };
  }, [isOpen]);
  return (
    <>
      <Button
        className="go-to"
        variant="default"
        fw={400}
        px={7}
        leftSection={<Icon name="search" />}
        aria-haspopup="dialog"
        aria-keyshortcuts="Control+K Meta+K"
        title={`Go to… (${KEY})`}
        onClick={() => setIsOpen(true)}
        onPointerEnter={() => void load().catch(() => undefined)}
      >
        Go to…
        <kbd aria-hidden>{KEY}</kbd>
      </Button>
      {Shown !== undefined && <Shown isOpen={isOpen} onClose={() => setIsOpen(false)} typed={() => typed.current} />}
    </>
  );
}
