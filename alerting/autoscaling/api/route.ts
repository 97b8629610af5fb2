import type { Action } from '../access-control.ts';

/** A request, when it is known that it may be answered. */
export interface ApiRequest {
  readonly query: URLSearchParams;
  /** Of the header; undefined when there is none. */
  readonly accept: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly signal: AbortSignal;
}

export interface ApiAnswer {
  readonly status: number;
  readonly type: string;
  /** Pieces are made while they are sent, so that a large answer is never whole in memory. */
  readonly body: string | Buffer | Iterable<string>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a path stands for. */
export interface Route {
  /** What must be allowed; `known` when it is enough to be somebody, `everybody` when not even that is needed. */
  readonly access: Action | 'known' | 'everybody';
  /** For figures: `custom`, `external`, `usage`, `discovery`, `health`, `debug`, `other`. */
  readonly api: string;
  /** May throw or reject with an ApiError or a MetricsError. */
  readonly answer: (request: ApiRequest) => ApiAnswer | Promise<ApiAnswer>;
}

export const JSON_TYPE = 'application/json';
export const TEXT_TYPE = 'text/plain; charset=utf-8';

export function jsonAnswer(json: object, headers?: Readonly<Record<string, string>>): ApiAnswer {
  const answer = { status: 200, type: JSON_TYPE, body: `${JSON.stringify(json)}\n` };
  return headers === undefined ? answer : { ...answer, headers };
}

export function textAnswer(lines: readonly string[], status = 200): ApiAnswer {
  return { status, type: TEXT_TYPE, body: lines.map((line) => `${line}\n`).join('') };
}
