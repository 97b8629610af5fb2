import { AppShell, Badge, Burger, Group, Loader, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Suspense } from 'react';
import { Link, Redirect, Route, Switch, useLocation } from 'wouter';
import { EmptyState } from './empty-state.tsx';
import { ErrorBoundary } from './error-boundary.tsx';
import { Navigation } from './navigation.tsx';
import { DETAILS, SECTIONS } from './sections.ts';
import { TimePicker } from './time-picker.tsx';

/** The name of the cluster that is not real; undefined when all are. */
const SIMULATED = document.querySelector<HTMLMetaElement>('meta[name=pharos-simulated]')?.content;

/** The frame around all pages: navigation, the time range that they share, and what a page shows while it is loaded or fails. */
export function App() {
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const [location] = useLocation();
  return (
    <AppShell
      header={{ height: 44 }}
      navbar={{ width: 176, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding="md"
    >
      <AppShell.Header px="sm">
        <Group h="100%" gap="sm" wrap="nowrap">
          <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Navigation" />
          <Text component={Link} href="/" fw={700} c="inherit" td="none">
            Pharos
          </Text>
          {SIMULATED !== undefined && (
            <Badge color="yellow" title={`The cluster "${SIMULATED}" is played by --demo: it is not real`}>
              simulated
            </Badge>
          )}
          <div style={{ flex: 1 }} />
          <TimePicker />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs">
        <Navigation onNavigate={close} />
      </AppShell.Navbar>
      <AppShell.Main>
        <ErrorBoundary key={location}>
          <Suspense fallback={<Loader m="xl" aria-label="Loading" />}>
            <Switch>
              {[...DETAILS, ...SECTIONS].map(({ path, page }) => (
                <Route key={path} path={path} component={page} />
              ))}
              {/* Where the links of alerts lead, as with Prometheus. */}
              <Route path="/graph">
                <Redirect to={`/explore${globalThis.location.search}`} replace />
              </Route>
              <Route>
                <EmptyState title="There is no such page" text="The address leads nowhere in this console." />
              </Route>
            </Switch>
          </Suspense>
        </ErrorBoundary>
      </AppShell.Main>
    </AppShell>
  );
}
