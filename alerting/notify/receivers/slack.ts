import type { HttpAnswer } from '../http-client.ts';
import type { IntegrationSettings, Outcome } from '../integration.ts';
import { retryAfter } from '../retry-pause.ts';
import type { SecretSource } from '../secret-source.ts';
import { type Attempt, excerpt, outcomeOfAnswer } from './attempt.ts';
import type { Globals } from './globals.ts';
import { readHttpConfig } from './http-config.ts';
import { COMMON_KEYS, httpIntegration, type IntegrationContext, jsonPost, readCommon } from './http-integration.ts';
import type { Section } from './section.ts';
import { truncateCharacters } from './truncate.ts';
import { withoutEmpty } from './without-empty.ts';

/** Fields of a message that are one template each, with their defaults. */
const TEMPLATES = {
  channel: '',
  username: '{{ template "slack.default.username" . }}',
  color: '{{ template "slack.default.color" . }}',
  title: '{{ template "slack.default.title" . }}',
  title_link: '{{ template "slack.default.titlelink" . }}',
  pretext: '{{ template "slack.default.pretext" . }}',
  text: '{{ template "slack.default.text" . }}',
  message_text: '',
  footer: '{{ template "slack.default.footer" . }}',
  fallback: '{{ template "slack.default.fallback" . }}',
  callback_id: '{{ template "slack.default.callbackid" . }}',
  icon_emoji: '{{ template "slack.default.iconemoji" . }}',
  icon_url: '{{ template "slack.default.iconurl" . }}',
  image_url: '',
  thumb_url: '',
} as const;
type TemplateName = keyof typeof TEMPLATES;

export const SLACK_KEYS = [
  ...COMMON_KEYS,
  ...Object.keys(TEMPLATES),
  'api_url',
  'api_url_file',
  'app_token',
  'app_token_file',
  'app_url',
  'fields',
  'short_fields',
  'link_names',
  'mrkdwn_in',
  'actions',
  'update_message',
];

/** Slack takes more than that for none. */
const MAX_TITLE = 1024;
const MARKDOWN_IN = ['fallback', 'pretext', 'text'];
/** Errors of Slack that pass. */
const PASSING =
  /^(?:rate_?limited|message_limit_exceeded|internal_error|fatal_error|service_unavailable|request_timeout|rollup_error)$/;

interface SlackSettings {
  readonly url: SecretSource | string;
  readonly token: SecretSource | undefined;
  readonly templates: Readonly<Record<TemplateName, string>>;
  readonly fields: readonly { readonly title: string; readonly value: string; readonly short: boolean }[];
  readonly actions: readonly Action[];
  readonly linkNames: boolean;
  readonly markdownIn: readonly string[];
}

interface Action {
  readonly templates: Readonly<Record<string, string>>;
  readonly confirm: Readonly<Record<string, string>> | undefined;
}

/** `slack_configs`: an incoming webhook, or a bot's token. */
export function parseSlack(section: Section, globals: Globals, context: IntegrationContext): IntegrationSettings {
  const apiUrl = section.secretUrl('api_url');
  const token = section.secret('app_token');
  if (apiUrl !== undefined && token !== undefined)
    section.report('app_token', 'expected at most one of api_url and app_token');
  if (section.boolean('update_message', false)) {
    section.report('update_message', 'changing messages that were sent is not served; expected false');
  }
  const bot = token ?? (apiUrl === undefined && globals.slackApiUrl === undefined ? globals.slackAppToken : undefined);
  const url = bot === undefined ? (apiUrl ?? globals.slackApiUrl) : (section.url('app_url') ?? globals.slackAppUrl);
  if (url === undefined)
    section.report(undefined, 'expected api_url or app_token, here or as slack_api_url or slack_app_token in global');
  const shortFields = section.boolean('short_fields', false);
  const given = section.texts('mrkdwn_in');
  const settings: SlackSettings = {
    url: url!,
    token: bot,
    templates: Object.fromEntries(
      Object.entries(TEMPLATES).map(([key, fallback]) => [key, section.template(key, fallback)]),
    ) as Record<TemplateName, string>,
    fields: section.sections('fields', ['title', 'value', 'short']).map((field) => {
      field.required('title');
      field.required('value');
      return {
        title: field.template('title'),
        value: field.template('value'),
        short: field.boolean('short', shortFields),
      };
    }),
    actions: section
      .sections('actions', ['type', 'text', 'url', 'style', 'name', 'value', 'confirm'])
      .map((action) => readAction(action)),
    linkNames: section.boolean('link_names', false),
    markdownIn: given.length === 0 ? MARKDOWN_IN : given,
  };
  return httpIntegration(readCommon(section, { sendResolved: false }), readHttpConfig(section, globals.client), {
    context,
    attempt: () => (attempt) => notify(attempt, settings),
  });
}

function readAction(action: Section): Action {
  action.required('type');
  action.required('text');
  if (!action.has('url') && !action.has('name')) action.report(undefined, 'expected url or name');
  // A link has no name, value and question.
  const keys = action.has('url') ? ['type', 'text', 'url', 'style'] : ['type', 'text', 'style', 'name', 'value'];
  const confirm = action.section('confirm', ['text', 'title', 'ok_text', 'dismiss_text']);
  const asks = action.has('confirm') && !action.has('url');
  if (action.has('confirm')) confirm.required('text');
  const read = (section: Section, names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, section.template(name)]));
  return {
    templates: read(action, keys),
    confirm: asks ? read(confirm, ['text', 'title', 'ok_text', 'dismiss_text']) : undefined,
  };
}

async function notify(attempt: Attempt, settings: SlackSettings): Promise<Outcome> {
  const url = typeof settings.url === 'string' ? settings.url : await settings.url.read();
  const token = await settings.token?.read();
  const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
  const answer = await attempt.send(jsonPost(url, slackBody(attempt, settings), headers));
  const secrets = token === undefined ? [url] : [url, token];
  const outcome = outcomeOfAnswer(answer, { clock: attempt.clock, secrets });
  return outcome.kind === 'delivered' ? outcomeOfText(answer, { attempt, secrets }) : outcome;
}

function slackBody({ render }: Attempt, settings: SlackSettings) {
  // Only what people read says that its template failed; the others are better empty.
  const text = (name: TemplateName): string =>
    name === 'title' || name === 'text' || name === 'fallback'
      ? render.text(name, settings.templates[name])
      : render.text(name, settings.templates[name], '');
  return {
    ...withoutEmpty({
      channel: text('channel'),
      username: text('username'),
      icon_emoji: text('icon_emoji'),
      icon_url: text('icon_url'),
      link_names: settings.linkNames,
      text: text('message_text'),
    }),
    attachments: [
      {
        ...withoutEmpty({
          title: truncateCharacters(text('title'), MAX_TITLE),
          title_link: text('title_link'),
          pretext: text('pretext'),
        }),
        text: text('text'),
        fallback: text('fallback'),
        callback_id: text('callback_id'),
        ...withoutEmpty({
          fields: settings.fields.map(({ title, value, short }) => ({
            title: render.text('fields.title', title),
            value: render.text('fields.value', value),
            short,
          })),
          actions: settings.actions.map(({ templates, confirm }) => ({
            ...withoutEmpty(render.texts('actions', templates)),
            ...(confirm && { confirm: withoutEmpty(render.texts('actions.confirm', confirm)) }),
          })),
          image_url: text('image_url'),
          thumb_url: text('thumb_url'),
        }),
        footer: text('footer'),
        ...withoutEmpty({ color: text('color') }),
        mrkdwn_in: settings.markdownIn,
      },
    ],
  };
}

/** Slack says in the text of a good answer that something was wrong: a webhook otherwise than `ok`, the API by `"ok": false`. */
function outcomeOfText(
  { headers, body }: HttpAnswer,
  { attempt, secrets }: { readonly attempt: Attempt; readonly secrets: readonly string[] },
): Outcome {
  if (!headers['content-type']?.startsWith('application/json')) {
    if (body.trim() === 'ok') return { kind: 'delivered' };
    return { kind: 'refused', reason: `expected "ok" from Slack, got ${JSON.stringify(excerpt(body, secrets))}` };
  }
  let answer: { readonly ok?: unknown; readonly error?: unknown };
  try {
    answer = JSON.parse(body) as typeof answer;
  } catch {
    return { kind: 'failed', reason: 'the answer is no JSON', retryAfter: 0 };
  }
  if (answer?.ok === true) return { kind: 'delivered' };
  const error = typeof answer?.error === 'string' ? answer.error : 'unknown error';
  const reason = `Slack: ${excerpt(error, secrets)}`;
  if (!PASSING.test(error)) return { kind: 'refused', reason };
  return { kind: 'failed', reason, retryAfter: retryAfter(headers['retry-after'], attempt.clock.now()) };
}
