import { Loader, Modal, Text, VisuallyHidden } from '@mantine/core';
import { type KeyboardEvent, useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { GoToDialogProps } from '../app/go-to.tsx';
import { Icon, type IconName } from '../app/icon.tsx';
import { plural } from '../app/plural.ts';
import { withKept } from '../app/url-state.ts';
import { NameText } from '../objects/name-text.tsx';
import type { Destination, ObjectKind } from './destination.ts';
import classes from './go-to-dialog.module.css';
import { groupsOf } from './groups.ts';
import { useFound } from './use-found.ts';

const ICONS: Readonly<Record<ObjectKind, IconName>> = {
  cluster: 'overview',
  namespace: 'workloads',
  node: 'nodes',
  workload: 'workloads',
  pod: 'pods',
  alert: 'alerts',
  policy: 'policies',
};

/** Finds a section or an object by its name, and goes there. */
export default function GoToDialog({ isOpen, onClose, typed }: GoToDialogProps) {
  // The focus goes to the new page, or else back to where it was.
  const [hasGone, setHasGone] = useState(false);
  useEffect(() => {
    if (isOpen) setHasGone(false);
  }, [isOpen]);
  const leave = (): void => {
    setHasGone(true);
    (document.activeElement as HTMLElement | null)?.blur();
    onClose();
  };
  return (
    <Modal.Root
      opened={isOpen}
      onClose={onClose}
      returnFocus={!hasGone}
      size={560}
      yOffset="min(12vh, 96px)"
      xOffset={8}
    >
      <Modal.Overlay />
      <Modal.Content aria-label="Go to" radius="md">
        <Modal.Body p={0}>
          <Search typed={typed} onGo={leave} />
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function Search({ typed, onGo }: { readonly typed: () => string; readonly onGo: () => void }) {
  const [text, setText] = useState(typed);
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => input.current?.focus(), []);
  const { found, errors, isLoading } = useFound(text.trim());
  const groups = groupsOf(text, found);
  const all = groups.flatMap(({ destinations }) => destinations);
  // Where the user went with the arrows; nowhere, while the first is meant.
  const [chosen, setChosen] = useState('');
  const active = all.find((one) => keyOf(one) === chosen) ?? all[0];
  const id = useId();
  const optionId = (destination: Destination): string => `${id} ${keyOf(destination)}`.replaceAll(/\s/g, '-');
  const [, navigate] = useLocation();
  const activeId = active === undefined ? undefined : optionId(active);
  useEffect(() => {
    if (activeId === undefined) return;
    document.getElementById(activeId)?.scrollIntoView({ block: 'nearest' });
  }, [activeId]);

  const press = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0 && active !== undefined) {
      const next = all.at((all.indexOf(active) + step) % all.length)!;
      setChosen(keyOf(next));
    } else if (event.key === 'Enter' && active !== undefined) {
      onGo();
      navigate(withKept(active.href));
    } else if (step === 0) return;
    event.preventDefault();
  };

  return (
    <>
      <div className={classes.search}>
        <Icon name="search" />
        <input
          ref={input}
          className={classes.input}
          role="combobox"
          aria-label="Go to"
          aria-autocomplete="list"
          aria-haspopup="listbox"
          aria-expanded={all.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={activeId}
          placeholder="Go to a section, node, workload, pod…"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          enterKeyHint="go"
          data-autofocus
          value={text}
          onChange={({ currentTarget }) => {
            setText(currentTarget.value);
            setChosen('');
          }}
          onKeyDown={press}
        />
        {isLoading && <Loader size="xs" aria-label="Loading" />}
      </div>
      <div id={`${id}-list`} role="listbox" aria-label="Places" className={classes.list} hidden={all.length === 0}>
        {groups.map(({ title, destinations }) => (
          // biome-ignore lint/a11y/useSemanticElements: a group of options is no fieldset.
          <div key={title} role="group" aria-label={title}>
            <div className={classes.title} aria-hidden>
              {title}
            </div>
            {destinations.map((destination) => (
              <Link
                key={keyOf(destination)}
                id={optionId(destination)}
                href={withKept(destination.href)}
                role="option"
                aria-selected={destination === active}
                tabIndex={-1}
                className={classes.option}
                onClick={onGo}
                onPointerMove={() => setChosen(keyOf(destination))}
              >
                <Icon name={iconOf(destination)} />
                <span className={classes.name}>
                  <NameText>{destination.name}</NameText>
                </span>
                {destination.kind === 'section' ? (
                  <kbd className={classes.key}>{destination.detail}</kbd>
                ) : (
                  <span className={classes.detail}>{destination.detail}</span>
                )}
              </Link>
            ))}
          </div>
        ))}
      </div>
      {all.length === 0 && (
        <Text fz="sm" c="dimmed" p="md">
          {isLoading ? 'Looking…' : 'Nothing is called like that.'}
        </Text>
      )}
      {[...errors].map(([{ kind, title }, error]) => (
        <Text key={kind} fz="xs" c="var(--mantine-color-error)" px="sm" py={4} role="alert">
          {title} could not be looked through: {error.message}
        </Text>
      ))}
      <VisuallyHidden role="status">{isLoading ? '' : plural(all.length, 'place')}</VisuallyHidden>
      <div className={classes.keys} aria-hidden>
        <span>
          <kbd>↑</kbd> <kbd>↓</kbd> choose
        </span>
        <span>
          <kbd>Enter</kbd> open
        </span>
        <span>
          <kbd>Esc</kbd> close
        </span>
      </div>
    </>
  );
}

function keyOf({ kind, href }: Destination): string {
  return `${kind} ${href}`;
}

function iconOf({ kind, href }: Destination): IconName {
  if (kind !== 'section') return ICONS[kind];
  return (href === '/' ? 'overview' : href.slice(1)) as IconName;
}
