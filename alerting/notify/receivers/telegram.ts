import type { IntegrationSettings, Outcome } from '../integration.ts';
import { SecretSource } from '../secret-source.ts';
import { type Attempt, outcomeOfAnswer } from './attempt.ts';
import type { Globals } from './globals.ts';
import { readHttpConfig } from './http-config.ts';
import { COMMON_KEYS, httpIntegration, type IntegrationContext, jsonPost, readCommon } from './http-integration.ts';
import { plainLine } from './rendering.ts';
import type { Section } from './section.ts';
import { truncateCharacters } from './truncate.ts';

export const TELEGRAM_KEYS = [
  ...COMMON_KEYS,
  'api_url',
  'bot_token',
  'bot_token_file',
  'chat_id',
  'chat_id_file',
  'message_thread_id',
  'message',
  'disable_notifications',
  'parse_mode',
];

const PARSE_MODES = ['', 'Markdown', 'MarkdownV2', 'HTML'] as const;
/** Characters that are shown. */
const MAX_MESSAGE = 4096;
/** Bytes, with what makes it bold. */
const MAX_BYTES = 32 * 1024;

interface TelegramSettings {
  readonly apiUrl: string;
  readonly token: SecretSource;
  readonly chat: SecretSource;
  readonly threadId: number;
  readonly message: string;
  readonly silent: boolean;
  readonly parseMode: (typeof PARSE_MODES)[number];
}

/** `telegram_configs`: messages of a bot in a chat. */
export function parseTelegram(section: Section, globals: Globals, context: IntegrationContext): IntegrationSettings {
  const token = section.secret('bot_token') ?? globals.telegramBotToken;
  if (token === undefined) section.report(undefined, 'expected bot_token, here or as telegram_bot_token in global');
  section.atMostOne('chat_id', 'chat_id_file');
  const file = section.file('chat_id_file');
  const id = section.integer('chat_id', 0, Number.MIN_SAFE_INTEGER);
  if (id === 0 && file === undefined) section.report('chat_id', 'expected chat_id or chat_id_file');
  const settings: TelegramSettings = {
    apiUrl: (section.url('api_url') ?? globals.telegramApiUrl).replace(/\/+$/, ''),
    token: token!,
    chat: file === undefined ? SecretSource.ofText(String(id)) : SecretSource.ofFile(file),
    threadId: section.integer('message_thread_id', 0),
    message: section.template('message', '{{ template "telegram.default.message" . }}'),
    silent: section.boolean('disable_notifications', false),
    parseMode: section.oneOf('parse_mode', PARSE_MODES, 'HTML'),
  };
  return httpIntegration(readCommon(section, { sendResolved: true }), readHttpConfig(section, globals.client), {
    context,
    attempt: () => (attempt) => notify(attempt, settings),
  });
}

async function notify(attempt: Attempt, settings: TelegramSettings): Promise<Outcome> {
  const token = await settings.token.read();
  const chat = await settings.chat.read();
  if (!/^-?\d+$/.test(chat)) return { kind: 'refused', reason: 'chat_id_file has no number in it' };
  const { text, parseMode } = message(attempt, settings);
  const url = `${settings.apiUrl}/bot${token}/sendMessage`;
  const answer = await attempt.send(
    jsonPost(url, {
      chat_id: chat,
      text,
      ...(parseMode !== '' && { parse_mode: parseMode }),
      disable_web_page_preview: true,
      ...(settings.silent && { disable_notification: true }),
      ...(settings.threadId !== 0 && { message_thread_id: settings.threadId }),
    }),
  );
  const outcome = outcomeOfAnswer(answer, { clock: attempt.clock, secrets: [url, token, ...token.split(':')] });
  if (outcome.kind !== 'failed') return outcome;
  return { ...outcome, retryAfter: Math.max(outcome.retryAfter, retryAfterOf(answer.body)) };
}

function message({ render, notification }: Attempt, { message: template, parseMode }: TelegramSettings) {
  // The fallback has no marks, and might have characters that are taken for some.
  const failed = '\0';
  const text =
    parseMode === 'HTML' ? render.html('message', template, failed) : render.text('message', template, failed);
  if (text === failed) return { text: `${plainLine(notification)} (the template of message failed)`, parseMode: '' };
  if (parseMode === '') return { text: truncateCharacters(text, MAX_MESSAGE), parseMode };
  const shown = parseMode === 'HTML' ? text.replace(/<[^>]*>/g, '').replace(/&[a-z]+;|&#\d+;/g, '.') : text;
  if ([...shown].length <= MAX_MESSAGE && Buffer.byteLength(text) <= MAX_BYTES) return { text, parseMode };
  // Cut in the middle of a mark it would be refused.
  const plain = parseMode === 'HTML' ? render.text('message', template).replace(/<[^>]*>/g, '') : text;
  return { text: truncateCharacters(plain, MAX_MESSAGE), parseMode: '' };
}

/** Telegram says in its answer how many seconds to wait. */
function retryAfterOf(body: string): number {
  try {
    const { parameters } = JSON.parse(body) as { readonly parameters?: { readonly retry_after?: unknown } };
    return typeof parameters?.retry_after === 'number' ? parameters.retry_after * 1000 : 0;
  } catch {
    return 0;
  }
}
