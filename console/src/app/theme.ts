import { createTheme } from '@mantine/core';

/** Of the whole console: dense, quiet, one accent. */
export const theme = createTheme({
  primaryColor: 'blue',
  // Dark enough for white text on it, and to be text on white.
  primaryShade: 8,
  respectReducedMotion: true,
  colors: {
    // From text to what lies below; 4 are lines, 6 fields, 7 the page.
    dark: [
      '#d5dae2',
      '#b6bdc8',
      '#98a1ae',
      '#727b88',
      '#3b434e',
      '#2f3640',
      '#22272f',
      '#16191f',
      '#111419',
      '#0b0d11',
    ],
  },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", Menlo, Consolas, monospace',
  defaultRadius: 'sm',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  components: {
    // A label is for what has a role.
    Loader: { defaultProps: { role: 'img' } },
    Table: { defaultProps: { verticalSpacing: 4, horizontalSpacing: 'sm', fz: 'sm' } },
    Button: { defaultProps: { size: 'xs' } },
    TextInput: { defaultProps: { size: 'xs' } },
    Select: { defaultProps: { size: 'xs' } },
    // A dialog has a head, but is no page with one.
    Modal: {
      defaultProps: { closeButtonProps: { 'aria-label': 'Close' }, attributes: { header: { role: 'presentation' } } },
    },
    Drawer: {
      defaultProps: { closeButtonProps: { 'aria-label': 'Close' }, attributes: { header: { role: 'presentation' } } },
    },
    Badge: { defaultProps: { variant: 'light', radius: 'sm', tt: 'none' } },
  },
});
