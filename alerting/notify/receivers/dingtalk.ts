import { createHmac } from 'node:crypto';
import type { IntegrationSettings, Outcome } from '../integration.ts';
import type { SecretSource } from '../secret-source.ts';
import type { Attempt } from './attempt.ts';
import type { Globals } from './globals.ts';
import { readHttpConfig } from './http-config.ts';
import { COMMON_KEYS, httpIntegration, type IntegrationContext, jsonPost, readCommon } from './http-integration.ts';
import { outcomeOfRobot, type RobotCodes } from './robot-answer.ts';
import type { Section } from './section.ts';
import { truncateBytes } from './truncate.ts';

export const DINGTALK_KEYS = [
  ...COMMON_KEYS,
  'url',
  'url_file',
  'secret',
  'secret_file',
  'message_type',
  'title',
  'message',
  'at_mobiles',
  'at_user_ids',
  'at_all',
];

const MESSAGE_TYPES = ['markdown', 'text'] as const;
/** In bytes, of the whole body 20,000. */
const MAX_CONTENT = 18_000;

/** Busy; too many messages. A robot may say twenty messages a minute, and is silenced for ten when it does not keep to that. */
const CODES: RobotCodes = { service: 'DingTalk', passing: [-1, 130101, 410100, 660026], pause: 60_000 };

interface DingtalkSettings {
  readonly url: SecretSource;
  readonly secret: SecretSource | undefined;
  readonly type: (typeof MESSAGE_TYPES)[number];
  readonly title: string;
  readonly message: string;
  readonly at: {
    readonly atMobiles: readonly string[];
    readonly atUserIds: readonly string[];
    readonly isAtAll: boolean;
  };
}

/** `dingtalk_configs`: the robot of a group, signed when there is a secret. */
export function parseDingtalk(section: Section, globals: Globals, context: IntegrationContext): IntegrationSettings {
  const url = section.secretUrl('url');
  if (url === undefined) section.report(undefined, 'expected url or url_file');
  const settings: DingtalkSettings = {
    url: url!,
    secret: section.secret('secret'),
    type: section.oneOf('message_type', MESSAGE_TYPES, 'markdown'),
    title: section.template('title', '{{ template "dingtalk.default.title" . }}'),
    message: section.template('message', '{{ template "dingtalk.default.message" . }}'),
    at: {
      atMobiles: section.texts('at_mobiles'),
      atUserIds: section.texts('at_user_ids'),
      isAtAll: section.boolean('at_all', false),
    },
  };
  return httpIntegration(readCommon(section, { sendResolved: true }), readHttpConfig(section, globals.client), {
    context,
    attempt: () => (attempt) => notify(attempt, settings),
  });
}

async function notify(attempt: Attempt, settings: DingtalkSettings): Promise<Outcome> {
  const { clock, render } = attempt;
  const url = await settings.url.read();
  const secret = await settings.secret?.read();
  const message = render.text('message', settings.message);
  const body = messageBody(settings, { message, title: render.text('title', settings.title) });
  const answer = await attempt.send(jsonPost(secret === undefined ? url : signedUrl(url, secret, clock.now()), body));
  return outcomeOfRobot(answer, CODES, { clock, secrets: secret === undefined ? [url] : [url, secret] });
}

function messageBody(
  { type, at }: DingtalkSettings,
  { message, title }: { readonly message: string; readonly title: string },
) {
  if (type === 'text') return { msgtype: type, text: { content: truncateBytes(message, MAX_CONTENT) }, at };
  // Only who is named in the text is really called.
  const people = [...at.atMobiles, ...at.atUserIds].map((who) => `@${who}`).join(' ');
  const text = truncateBytes(message, MAX_CONTENT) + (people === '' ? '' : `\n\n${people}`);
  return { msgtype: type, markdown: { title: truncateBytes(title, 200), text }, at };
}

/** The time, and the time and the secret signed with the secret; good for an hour. */
function signedUrl(url: string, secret: string, now: number): string {
  const signed = new URL(url);
  const sign = createHmac('sha256', secret).update(`${now}\n${secret}`).digest('base64');
  signed.searchParams.set('timestamp', String(now));
  signed.searchParams.set('sign', sign);
  return signed.href;
}
