import { Component, type ReactNode } from 'react';
import { ErrorState } from './error-state.tsx';

/** Shows what went wrong in place of a page that cannot be drawn. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, { readonly error: Error | undefined }> {
  override state: { readonly error: Error | undefined } = { error: undefined };

  static getDerivedStateFromError(error: Error): { readonly error: Error } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <ErrorState title="This page cannot be shown" error={error} onRetry={() => this.setState({ error: undefined })} />
    );
  }
}
