import type { Place } from '../../yaml-reader.ts';
import type { HttpClientSettings, TlsSettings } from '../http-client.ts';
import type { SecretSource } from '../secret-source.ts';
import { PLAIN_CLIENT, readHttpConfig, readTlsConfig } from './http-config.ts';
import { Section, type SectionContext } from './section.ts';

/** The defaults that the section `global` has for integrations. */
export interface Globals {
  readonly client: HttpClientSettings;
  readonly slackApiUrl: SecretSource | undefined;
  readonly slackAppToken: SecretSource | undefined;
  readonly slackAppUrl: string;
  readonly pagerdutyUrl: string;
  readonly opsgenieApiKey: SecretSource | undefined;
  readonly opsgenieApiUrl: string;
  readonly wechatApiUrl: string;
  readonly wechatApiSecret: SecretSource | undefined;
  readonly wechatApiCorpId: string;
  readonly telegramApiUrl: string;
  readonly telegramBotToken: SecretSource | undefined;
  readonly smtp: SmtpGlobals;
}

export interface SmtpGlobals {
  readonly from: string;
  readonly smarthost: string;
  readonly hello: string;
  readonly username: string;
  readonly password: SecretSource | undefined;
  readonly secret: SecretSource | undefined;
  readonly identity: string;
  readonly requireTls: boolean;
  /** Undefined: by the port. */
  readonly implicitTls: boolean | undefined;
  readonly tls: TlsSettings;
}

const SERVED_KEYS = [
  'http_config',
  'slack_api_url',
  'slack_api_url_file',
  'slack_app_token',
  'slack_app_token_file',
  'slack_app_url',
  'pagerduty_url',
  'opsgenie_api_key',
  'opsgenie_api_key_file',
  'opsgenie_api_url',
  'wechat_api_url',
  'wechat_api_secret',
  'wechat_api_secret_file',
  'wechat_api_corp_id',
  'telegram_api_url',
  'telegram_bot_token',
  'telegram_bot_token_file',
  'smtp_from',
  'smtp_smarthost',
  'smtp_hello',
  'smtp_auth_username',
  'smtp_auth_password',
  'smtp_auth_password_file',
  'smtp_auth_secret',
  'smtp_auth_secret_file',
  'smtp_auth_identity',
  'smtp_require_tls',
  'smtp_force_implicit_tls',
  'smtp_tls_config',
];

/** Of integrations that are not there: allowed, so that a file which has them for nobody can be used as it is. */
const OTHER_KEYS = [
  'jira_api_url',
  'mattermost_webhook_url',
  'mattermost_webhook_url_file',
  'rocketchat_api_url',
  'rocketchat_token',
  'rocketchat_token_file',
  'rocketchat_token_id',
  'rocketchat_token_id_file',
  'victorops_api_key',
  'victorops_api_key_file',
  'victorops_api_url',
  'webex_api_url',
];

export const GLOBAL_KEYS: readonly string[] = [...SERVED_KEYS, ...OTHER_KEYS];

export function readGlobals(values: ReadonlyMap<string, Place>, context: SectionContext): Globals {
  const place = values.values().next().value ?? { node: null, path: 'global', offset: 0 };
  const section = new Section(context, { ...place, path: 'global' }, values);
  return {
    client: readHttpConfig(section, PLAIN_CLIENT),
    slackApiUrl: section.secretUrl('slack_api_url'),
    slackAppToken: section.secret('slack_app_token'),
    slackAppUrl: section.url('slack_app_url') ?? 'https://slack.com/api/chat.postMessage',
    pagerdutyUrl: section.url('pagerduty_url') ?? 'https://events.pagerduty.com/v2/enqueue',
    opsgenieApiKey: section.secretTemplate('opsgenie_api_key'),
    opsgenieApiUrl: section.url('opsgenie_api_url') ?? 'https://api.opsgenie.com/',
    wechatApiUrl: section.url('wechat_api_url') ?? 'https://qyapi.weixin.qq.com/cgi-bin/',
    wechatApiSecret: section.secretTemplate('wechat_api_secret'),
    wechatApiCorpId: section.text('wechat_api_corp_id'),
    telegramApiUrl: section.url('telegram_api_url') ?? 'https://api.telegram.org',
    telegramBotToken: section.secret('telegram_bot_token'),
    smtp: {
      from: section.template('smtp_from'),
      smarthost: section.text('smtp_smarthost'),
      hello: section.text('smtp_hello', 'localhost'),
      username: section.text('smtp_auth_username'),
      password: section.secret('smtp_auth_password'),
      secret: section.secret('smtp_auth_secret'),
      identity: section.text('smtp_auth_identity'),
      requireTls: section.boolean('smtp_require_tls', true),
      implicitTls: section.has('smtp_force_implicit_tls')
        ? section.boolean('smtp_force_implicit_tls', false)
        : undefined,
      tls: readTlsConfig(section, 'smtp_tls_config'),
    },
  };
}
