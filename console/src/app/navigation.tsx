import { ActionIcon, NavLink, Stack, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { Link, useLocation } from 'wouter';
import { SECTIONS } from './sections.ts';
import { keptSearch } from './url-state.ts';

const PATIENCE = 1_000;

/** The places of the console; `g` and a letter goes there from the keyboard. */
export function Navigation({ onNavigate }: { readonly onNavigate: () => void }) {
  const [location, navigate] = useLocation();
  const pressed = useRef(0);
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      const { target, key } = event;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (
        target instanceof HTMLElement &&
        (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
      )
        return;
      if (key === 'g') {
        pressed.current = event.timeStamp;
        return;
      }
      const section = SECTIONS.find((one) => one.key === key);
      if (section !== undefined && event.timeStamp - pressed.current < PATIENCE) navigate(section.path + keptSearch());
      pressed.current = 0;
    };
    globalThis.addEventListener('keydown', listen);
    return () => globalThis.removeEventListener('keydown', listen);
  }, [navigate]);
  return (
    <Stack component="nav" gap={2} h="100%" aria-label="Sections">
      {SECTIONS.map(({ path, title, key }) => {
        const isHere = path === '/' ? location === '/' : location.startsWith(path);
        return (
          <NavLink
            key={path}
            component={Link}
            href={path + keptSearch()}
            label={title}
            active={isHere}
            aria-current={isHere ? 'page' : undefined}
            title={`g ${key}`}
            onClick={onNavigate}
            py={4}
          />
        );
      })}
      <div style={{ flex: 1 }} />
      <ColorSchemeToggle />
    </Stack>
  );
}

function ColorSchemeToggle() {
  const { setColorScheme } = useMantineColorScheme();
  const other = useComputedColorScheme('light') === 'light' ? 'dark' : 'light';
  return (
    <ActionIcon variant="subtle" color="gray" onClick={() => setColorScheme(other)} aria-label={`Use ${other} colours`}>
      {other === 'dark' ? '☾' : '☀'}
    </ActionIcon>
  );
}
