import { TemplateError } from './template-error.ts';

/** What Prometheus writes in front of an alert's template, which its positions in the first line include. */
const BEFORE = Buffer.byteLength(
  '{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}',
);

/** What stands in a label or annotation of an alert whose template could not be expanded: as Prometheus words it. */
export function alertTemplateError(error: unknown, { alert, source }: { alert: string; source: string }): string {
  const name = `__alert_${alert}`;
  const reason = error instanceof TemplateError ? expansionError(error, name, source) : messageOf(error);
  return `<error expanding template: error executing template ${name}: ${reason}>`;
}

function expansionError(error: TemplateError, name: string, source: string): string {
  const { reason, failedAt } = error;
  if (failedAt === undefined) return `template: ${name}:${error.line}: ${reason}`;
  const before = source.slice(0, failedAt.offset);
  const line = before.split('\n').length;
  const bytes = Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1)) + (line === 1 ? BEFORE : 0);
  const where = `${name}:${line}:${bytes}: executing ${JSON.stringify(failedAt.within || name)} at <${failedAt.excerpt}>`;
  return `template: ${where}: ${reason}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
