import { createHmac } from 'node:crypto';
import type { IntegrationSettings, Outcome } from '../integration.ts';
import type { SecretSource } from '../secret-source.ts';
import type { Attempt } from './attempt.ts';
import type { Globals } from './globals.ts';
import { readHttpConfig } from './http-config.ts';
import { COMMON_KEYS, httpIntegration, type IntegrationContext, jsonPost, readCommon } from './http-integration.ts';
import { outcomeOfRobot, type RobotCodes } from './robot-answer.ts';
import type { Section } from './section.ts';
import { truncateBytes, truncateCharacters } from './truncate.ts';

export const FEISHU_KEYS = [
  ...COMMON_KEYS,
  'url',
  'url_file',
  'secret',
  'secret_file',
  'message_type',
  'title',
  'message',
  'color',
];

const MESSAGE_TYPES = ['interactive', 'text'] as const;
/** In bytes, of the whole body 20 KiB. */
const MAX_CONTENT = 18_000;

/** Too many requests; the service is busy. A robot may say five messages a second and a hundred a minute. */
const CODES: RobotCodes = {
  service: 'Feishu',
  passing: [11232, 11247, 11233, 99991400, 1500, 1503, 1504, 18125],
  pause: 30_000,
};

interface FeishuSettings {
  readonly url: SecretSource;
  readonly secret: SecretSource | undefined;
  readonly type: (typeof MESSAGE_TYPES)[number];
  readonly title: string;
  readonly message: string;
  readonly color: string;
}

/** `feishu_configs`: the robot of a group in Feishu or Lark, signed when there is a secret. */
export function parseFeishu(section: Section, globals: Globals, context: IntegrationContext): IntegrationSettings {
  const url = section.secretUrl('url');
  if (url === undefined) section.report(undefined, 'expected url or url_file');
  const settings: FeishuSettings = {
    url: url!,
    secret: section.secret('secret'),
    type: section.oneOf('message_type', MESSAGE_TYPES, 'interactive'),
    title: section.template('title', '{{ template "feishu.default.title" . }}'),
    message: section.template('message', '{{ template "feishu.default.message" . }}'),
    color: section.template(
      'color',
      '{{ if eq .Status "resolved" }}green{{ else if eq .Level "remind" "info" "warn" "warning" }}orange{{ else }}red{{ end }}',
    ),
  };
  return httpIntegration(readCommon(section, { sendResolved: true }), readHttpConfig(section, globals.client), {
    context,
    attempt: () => (attempt) => notify(attempt, settings),
  });
}

async function notify(attempt: Attempt, settings: FeishuSettings): Promise<Outcome> {
  const { clock } = attempt;
  const url = await settings.url.read();
  const secret = await settings.secret?.read();
  const body = { ...(secret !== undefined && signature(secret, clock.now())), ...messageBody(attempt, settings) };
  const answer = await attempt.send(jsonPost(url, body));
  return outcomeOfRobot(answer, CODES, { clock, secrets: secret === undefined ? [url] : [url, secret] });
}

function messageBody({ render }: Attempt, settings: FeishuSettings) {
  const title = truncateCharacters(render.text('title', settings.title), 200);
  const message = truncateBytes(render.text('message', settings.message), MAX_CONTENT);
  if (settings.type === 'text') return { msg_type: settings.type, content: { text: `${title}\n${message}` } };
  return {
    msg_type: settings.type,
    card: {
      config: { wide_screen_mode: true },
      header: {
        title: { tag: 'plain_text', content: title },
        template: render.text('color', settings.color, 'red'),
      },
      elements: [{ tag: 'div', text: { tag: 'lark_md', content: message } }],
    },
  };
}

/** An empty text is signed, and the key is the time in seconds and the secret. */
function signature(secret: string, now: number): { readonly timestamp: string; readonly sign: string } {
  const timestamp = String(Math.floor(now / 1000));
  return { timestamp, sign: createHmac('sha256', `${timestamp}\n${secret}`).update('').digest('base64') };
}
