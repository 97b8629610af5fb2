import './app.css';
import { AppShell, Badge, Burger, Group, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMemo, useRef } from 'react';
import { Link, Redirect, Route, Switch, useLocation } from 'wouter';
import { setClock } from './clock.ts';
import { ClusterPicker } from './cluster-picker.tsx';
import { ConnectionNote } from './connection-note.tsx';
import { EmptyState } from './empty-state.tsx';
import { ErrorBoundary } from './error-boundary.tsx';
import { GoTo } from './go-to.tsx';
import { LoadedPage } from './loaded-page.tsx';
import { Navigation } from './navigation.tsx';
import { expectPage } from './page-focus.ts';
import { PAGE_MODULES } from './page-modules.ts';
import { RefreshControl } from './refresh-control.tsx';
import { TimePicker } from './time-picker.tsx';
import { keptSearch } from './url-state.ts';

/** The name of the cluster that is not real; undefined when all are. */
const SIMULATED = document.querySelector<HTMLMetaElement>('meta[name=pharos-simulated]')?.content;

/** The frame around all pages: navigation, the cluster and the time that they share, and what a page shows while it is loaded or fails. */
export function App() {
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const [location] = useLocation();
  const last = useRef(location);
  // A kludge: set while it is drawn, so that a page's first requests have the time already and are not made twice.
  useMemo(() => {
    if (last.current !== location) expectPage();
    last.current = location;
    setClock();
  }, [location]);
  return (
    <AppShell
      header={{ height: { base: 84, md: 46 } }}
      navbar={{ width: 184, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding={{ base: 'xs', sm: 'md' }}
    >
      <a className="skip-link" href="#main">
        Skip to the page
      </a>
      <AppShell.Header px="sm">
        <Group h="100%" gap="8px 6px" wrap="wrap" align="center" style={{ alignContent: 'center' }}>
          <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Navigation" />
          <Text component={Link} href={`/${keptSearch()}`} fw={700} c="inherit" td="none" aria-label="Pharos, overview">
            <Brand />
          </Text>
          {SIMULATED !== undefined && (
            <Badge
              variant="default"
              title="The cluster is played by --demo: it is not real"
              style={{ borderColor: 'var(--mantine-color-yellow-6)' }}
            >
              simulated
            </Badge>
          )}
          <ClusterPicker />
          <div style={{ flex: 1 }} />
          <GoTo />
          <Group gap="xs" wrap="nowrap" justify="flex-end" miw={0}>
            <TimePicker />
            <RefreshControl />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" style={{ overflowY: 'auto' }}>
        <Navigation onNavigate={close} />
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>
        <ConnectionNote />
        <ErrorBoundary key={location}>
          <Switch>
            <Route path="/graph">
              <Redirect to={`/explore${globalThis.location.search}`} replace />
            </Route>
            {Object.entries(PAGE_MODULES).map(([path, module]) => (
              <Route key={path} path={path}>
                <LoadedPage module={module} />
              </Route>
            ))}
            <Route>
              <EmptyState order={1} title="There is no such page" text="The address leads nowhere in this console." />
            </Route>
          </Switch>
        </ErrorBoundary>
      </AppShell.Main>
    </AppShell>
  );
}

function Brand() {
  return (
    <Group component="span" gap={6} wrap="nowrap">
      <svg width="20" height="20" viewBox="0 0 16 16" aria-hidden="true">
        <path d="M6 14.5h4l-1-8H7z" fill="currentColor" />
        <circle cx="8" cy="4" r="2.1" fill="#e8a317" />
        <path d="M1.5 2.5l4 1M1.5 6l4-1.2M14.5 2.5l-4 1M14.5 6l-4-1.2" stroke="#e8a317" strokeWidth="1" />
      </svg>
      Pharos
    </Group>
  );
}
