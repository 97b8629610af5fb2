import type { IntegrationSettings, Outcome } from '../integration.ts';
import type { SecretSource } from '../secret-source.ts';
import { type Attempt, outcomeOfAnswer } from './attempt.ts';
import type { Globals } from './globals.ts';
import { readHttpConfig } from './http-config.ts';
import { COMMON_KEYS, httpIntegration, type IntegrationContext, jsonPost, readCommon } from './http-integration.ts';
import { outcomeOfRobot, readCode } from './robot-answer.ts';
import type { Section } from './section.ts';
import { truncateBytes } from './truncate.ts';
import { WECOM_CODES } from './wecom.ts';
import { withoutEmpty } from './without-empty.ts';

/** Fields that are one template each, with their defaults. */
const TEMPLATES = {
  message: '{{ template "wechat.default.message" . }}',
  to_user: '{{ template "wechat.default.to_user" . }}',
  to_party: '{{ template "wechat.default.to_party" . }}',
  to_tag: '{{ template "wechat.default.to_tag" . }}',
  agent_id: '{{ template "wechat.default.agent_id" . }}',
} as const;
type TemplateName = keyof typeof TEMPLATES;

export const WECHAT_KEYS = [
  ...COMMON_KEYS,
  ...Object.keys(TEMPLATES),
  'api_secret',
  'api_secret_file',
  'api_url',
  'corp_id',
  'message_type',
];

const MESSAGE_TYPES = ['text', 'markdown'] as const;
/** In bytes. */
const MAX_CONTENT = 2048;
/** The token is over, or unknown; another one may be had. */
const TOKEN_OVER = [40014, 42001];
/** Of a token whose answer does not say how long it is good for; milliseconds. */
const TOKEN_LIFE = 2 * 3_600_000;

interface WechatSettings {
  readonly apiUrl: string;
  readonly secret: SecretSource;
  readonly corpId: string;
  readonly type: (typeof MESSAGE_TYPES)[number];
  readonly templates: Readonly<Record<TemplateName, string>>;
}

/** `wechat_configs`: messages of an app of WeCom. */
export function parseWechat(section: Section, globals: Globals, context: IntegrationContext): IntegrationSettings {
  const secret = section.secretTemplate('api_secret') ?? globals.wechatApiSecret;
  if (secret === undefined) section.report(undefined, 'expected api_secret, here or as wechat_api_secret in global');
  const corpId = section.template('corp_id', globals.wechatApiCorpId);
  if (corpId === '') section.report(undefined, 'expected corp_id, here or as wechat_api_corp_id in global');
  const settings: WechatSettings = {
    apiUrl: withSlash(section.url('api_url') ?? globals.wechatApiUrl),
    secret: secret!,
    corpId,
    type: section.oneOf('message_type', MESSAGE_TYPES, 'text'),
    templates: Object.fromEntries(
      Object.entries(TEMPLATES).map(([key, fallback]) => [key, section.template(key, fallback)]),
    ) as Record<TemplateName, string>,
  };
  return httpIntegration(readCommon(section, { sendResolved: false }), readHttpConfig(section, globals.client), {
    context,
    attempt() {
      const app = new WechatApp(settings);
      return (attempt) => app.notify(attempt);
    },
  });
}

interface Token {
  readonly token: string;
  /** What it was asked for with. */
  readonly secret: string;
  readonly validUntil: number;
}

class WechatApp {
  readonly #settings: WechatSettings;
  #token: Token | undefined;

  constructor(settings: WechatSettings) {
    this.#settings = settings;
  }

  async notify(attempt: Attempt): Promise<Outcome> {
    const { render, clock } = attempt;
    const source = await this.#settings.secret.read();
    const secret = source.includes('{{') ? render.secret('api_secret', source) : source;
    if (secret === undefined) return { kind: 'refused', reason: 'the template of api_secret failed' };
    const token = await this.#tokenFor(secret, attempt);
    if ('kind' in token) return token;
    const url = new URL('message/send', this.#settings.apiUrl);
    url.searchParams.set('access_token', token.token);
    const answer = await attempt.send(jsonPost(url.href, this.#message(attempt)));
    const isOver = TOKEN_OVER.includes(readCode(answer.body)?.code ?? 0);
    if (isOver) this.#token = undefined;
    const codes = isOver ? { ...WECOM_CODES, passing: TOKEN_OVER, pause: 0 } : WECOM_CODES;
    return outcomeOfRobot(answer, codes, { clock, secrets: [secret, token.token] });
  }

  async #tokenFor(secret: string, attempt: Attempt): Promise<Token | Outcome> {
    const { clock, render } = attempt;
    const known = this.#token;
    if (known !== undefined && known.secret === secret && known.validUntil > clock.elapsed()) return known;
    const url = new URL('gettoken', this.#settings.apiUrl);
    url.searchParams.set('corpid', render.text('corp_id', this.#settings.corpId));
    url.searchParams.set('corpsecret', secret);
    const asked = clock.elapsed();
    const answer = await attempt.send({ method: 'GET', url: url.href, headers: {}, body: undefined });
    const options = { clock, secrets: [secret] };
    const outcome =
      readCode(answer.body) === undefined
        ? outcomeOfAnswer(answer, options)
        : outcomeOfRobot(answer, WECOM_CODES, options);
    if (outcome.kind !== 'delivered') return outcome;
    const given = readToken(answer.body);
    if (given === undefined) return { kind: 'failed', reason: 'WeCom gave no token', retryAfter: 0 };
    // Another one is asked for a little before this one is over.
    this.#token = { token: given.token, secret, validUntil: asked + 0.9 * given.life };
    return this.#token;
  }

  #message({ render }: Attempt) {
    const { templates, type } = this.#settings;
    const address = (name: TemplateName): string => render.text(name, templates[name], '');
    const content = { content: truncateBytes(render.text('message', templates.message), MAX_CONTENT) };
    const none = { content: '' };
    return {
      ...withoutEmpty({
        touser: address('to_user'),
        toparty: address('to_party'),
        totag: address('to_tag'),
        agentid: address('agent_id'),
      }),
      safe: '0',
      msgtype: type,
      text: type === 'text' ? content : none,
      markdown: type === 'markdown' ? content : none,
    };
  }
}

function readToken(body: string): { readonly token: string; readonly life: number } | undefined {
  try {
    const { access_token: token, expires_in: seconds } = JSON.parse(body) as Readonly<Record<string, unknown>>;
    if (typeof token !== 'string' || token === '') return undefined;
    return { token, life: typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : TOKEN_LIFE };
  } catch {
    return undefined;
  }
}

/** So that what follows is below it. */
function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}
