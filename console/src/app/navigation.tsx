import { Divider, NavLink, Stack, UnstyledButton, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { Fragment, useEffect, useRef } from 'react';
import { Link, useLocation } from 'wouter';
import { Icon, type IconName } from './icon.tsx';
import { isTyping } from './is-typing.ts';
import { loadPage } from './load-page.ts';
import { PAGE_MODULES } from './page-modules.ts';
import { SECTIONS } from './sections.ts';
import { keptSearch } from './url-state.ts';

const PATIENCE = 1_000;
/** Sections before which something else begins: objects, questions, alerting, Pharos itself. */
const GROUPS = ['/explore', '/alerts', '/targets'];

/** The places of the console; `g` and a letter goes there from the keyboard. */
export function Navigation({ onNavigate }: { readonly onNavigate: () => void }) {
  const [location, navigate] = useLocation();
  const pressed = useRef(0);
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      const { key } = event;
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
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
    <Stack component="nav" gap={1} h="100%" aria-label="Sections">
      {SECTIONS.map(({ path, title, key }) => {
        const isHere =
          path === '/'
            ? location === '/' || location.startsWith('/clusters/')
            : location === path || location.startsWith(`${path}/`);
        return (
          <Fragment key={path}>
            {GROUPS.includes(path) && <Divider my={6} />}
            <NavLink
              className="nav-link"
              component={Link}
              href={path + keptSearch()}
              label={title}
              leftSection={<Icon name={(path === '/' ? 'overview' : path.slice(1)) as IconName} />}
              rightSection={
                <kbd className="nav-key" aria-hidden>
                  g {key}
                </kbd>
              }
              noWrap
              active={isHere}
              aria-current={isHere ? 'page' : undefined}
              aria-keyshortcuts={`g ${key}`}
              onClick={onNavigate}
              onPointerEnter={() => prepare(path)}
              onFocus={() => prepare(path)}
              py={5}
              px={8}
            />
          </Fragment>
        );
      })}
      <div style={{ flex: 1 }} />
      <ColorSchemeToggle />
    </Stack>
  );
}

/** Loads a section's page before it is opened; when that fails, opening it says so. */
function prepare(path: string): void {
  const module = PAGE_MODULES[path];
  if (module !== undefined) loadPage(module).catch(() => undefined);
}

function ColorSchemeToggle() {
  const { setColorScheme } = useMantineColorScheme();
  const other = useComputedColorScheme('light') === 'light' ? 'dark' : 'light';
  return (
    <UnstyledButton
      onClick={() => setColorScheme(other)}
      px={8}
      py={5}
      fz="sm"
      c="dimmed"
      style={{ display: 'flex', gap: 8, alignItems: 'center' }}
    >
      <Icon name={other === 'dark' ? 'moon' : 'sun'} />
      Use {other} colours
    </UnstyledButton>
  );
}
