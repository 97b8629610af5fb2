import type { IntegrationSettings, Outcome } from '../integration.ts';
import type { SecretSource } from '../secret-source.ts';
import type { Attempt } from './attempt.ts';
import type { Globals } from './globals.ts';
import { readHttpConfig } from './http-config.ts';
import { COMMON_KEYS, httpIntegration, type IntegrationContext, jsonPost, readCommon } from './http-integration.ts';
import { outcomeOfRobot, type RobotCodes } from './robot-answer.ts';
import type { Section } from './section.ts';
import { truncateBytes } from './truncate.ts';

export const WECOM_KEYS = [
  ...COMMON_KEYS,
  'url',
  'url_file',
  'message',
  'message_type',
  'mentioned_list',
  'mentioned_mobile_list',
];

const MESSAGE_TYPES = ['markdown', 'text', 'markdown_v2'] as const;
/** In bytes. */
const MAX_CONTENT = { markdown: 4096, markdown_v2: 4096, text: 2048 };

/** Busy; too many calls; too many at once. A robot may say twenty messages a minute. */
export const WECOM_CODES: RobotCodes = { service: 'WeCom', passing: [-1, 45009, 45033], pause: 60_000 };

interface WecomSettings {
  readonly url: SecretSource;
  readonly type: (typeof MESSAGE_TYPES)[number];
  readonly message: string;
  /** User ids and telephone numbers; `@all` is everybody. Templates. */
  readonly mentioned: readonly string[];
  readonly mentionedMobiles: readonly string[];
}

/** `wecom_configs`: the robot of a group, by the URL that it was made with. */
export function parseWecom(section: Section, globals: Globals, context: IntegrationContext): IntegrationSettings {
  const url = section.secretUrl('url');
  if (url === undefined) section.report(undefined, 'expected url or url_file');
  const settings: WecomSettings = {
    url: url!,
    type: section.oneOf('message_type', MESSAGE_TYPES, 'markdown'),
    message: section.template('message', '{{ template "wecom.default.message" . }}'),
    mentioned: section.texts('mentioned_list'),
    mentionedMobiles: section.texts('mentioned_mobile_list'),
  };
  if (settings.type !== 'text' && settings.mentionedMobiles.length > 0) {
    section.report('mentioned_mobile_list', 'expected message_type text; in markdown only mentioned_list can be had');
  }
  return httpIntegration(readCommon(section, { sendResolved: true }), readHttpConfig(section, globals.client), {
    context,
    attempt: () => (attempt) => notify(attempt, settings),
  });
}

async function notify(attempt: Attempt, settings: WecomSettings): Promise<Outcome> {
  const { render, clock } = attempt;
  const url = await settings.url.read();
  const answer = await attempt.send(jsonPost(url, body(settings, render.text('message', settings.message))));
  return outcomeOfRobot(answer, WECOM_CODES, { clock, secrets: [url] });
}

function body({ type, mentioned, mentionedMobiles }: WecomSettings, message: string) {
  if (type === 'text') {
    return {
      msgtype: type,
      text: {
        content: truncateBytes(message, MAX_CONTENT.text),
        ...(mentioned.length > 0 && { mentioned_list: mentioned }),
        ...(mentionedMobiles.length > 0 && { mentioned_mobile_list: mentionedMobiles }),
      },
    };
  }
  // Markdown has no list of people; they are mentioned in the text.
  const people = mentioned.map((id) => `<@${id}>`).join('');
  const room = MAX_CONTENT[type] - Buffer.byteLength(people) - 1;
  return { msgtype: type, [type]: { content: truncateBytes(message, room) + (people === '' ? '' : `\n${people}`) } };
}
