import './app/mantine-styles.ts';
import { MantineProvider } from '@mantine/core';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { loadPage, moduleAt } from './app/load-page.ts';
import { theme } from './app/theme.ts';

const root = createRoot(document.getElementById('root')!);
const draw = (): void =>
  root.render(
    <StrictMode>
      <MantineProvider theme={theme} defaultColorScheme="auto">
        <App />
      </MantineProvider>
    </StrictMode>,
  );
const first = moduleAt(globalThis.location.pathname);
// The page is drawn together with the frame around it, which also says so when it cannot be loaded.
if (first === undefined) draw();
else void loadPage(first).then(draw, draw);
