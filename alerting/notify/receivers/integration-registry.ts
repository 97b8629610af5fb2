import { Counter, type Registry } from 'prom-client';
import type { Clock } from '../../../clock/clock.ts';
import type { FileProblem, Place } from '../../yaml-reader.ts';
import type { OpenHttpClient } from '../http-client.ts';
import type { IntegrationRegistry, IntegrationSettings, ParseContext } from '../integration.ts';
import { DINGTALK_KEYS, parseDingtalk } from './dingtalk.ts';
import { EMAIL_KEYS, parseEmail } from './email.ts';
import { FEISHU_KEYS, parseFeishu } from './feishu.ts';
import { GLOBAL_KEYS, type Globals, readGlobals } from './globals.ts';
import type { IntegrationContext } from './http-integration.ts';
import { CompiledTemplates } from './notification-templates.ts';
import { OPSGENIE_KEYS, parseOpsgenie } from './opsgenie.ts';
import { PAGERDUTY_KEYS, parsePagerduty } from './pagerduty.ts';
import { Section, type SectionContext } from './section.ts';
import { parseSlack, SLACK_KEYS } from './slack.ts';
import { parseTelegram, TELEGRAM_KEYS } from './telegram.ts';
import { parseWebhook, WEBHOOK_KEYS } from './webhook.ts';
import { parseWechat, WECHAT_KEYS } from './wechat.ts';
import { parseWecom, WECOM_KEYS } from './wecom.ts';

/** A kind of integration: the keys of its section, and what reads them. */
interface Kind {
  readonly keys: readonly string[];
  readonly parse: (section: Section, globals: Globals, context: IntegrationContext) => IntegrationSettings;
}

/** By the section's name without `_configs`. */
const KINDS: Readonly<Record<string, Kind>> = {
  webhook: { keys: WEBHOOK_KEYS, parse: parseWebhook },
  slack: { keys: SLACK_KEYS, parse: parseSlack },
  wechat: { keys: WECHAT_KEYS, parse: parseWechat },
  wecom: { keys: WECOM_KEYS, parse: parseWecom },
  dingtalk: { keys: DINGTALK_KEYS, parse: parseDingtalk },
  feishu: { keys: FEISHU_KEYS, parse: parseFeishu },
  pagerduty: { keys: PAGERDUTY_KEYS, parse: parsePagerduty },
  opsgenie: { keys: OPSGENIE_KEYS, parse: parseOpsgenie },
  telegram: { keys: TELEGRAM_KEYS, parse: parseTelegram },
  email: { keys: EMAIL_KEYS, parse: parseEmail },
};

export interface IntegrationRegistryOptions {
  readonly openHttp: OpenHttpClient;
  readonly clock: Clock;
  readonly registry: Registry;
  /**
   * Which addresses the integrations may connect to over HTTP; `isPublicAddress` where not the operator has written the configuration.
   * Default: all.
   */
  readonly allowedAddress?: (address: string) => boolean;
}

/** All integrations there are. Its metric is registered once, with the first registry that is made with `registry`. */
export function createIntegrationRegistry(options: IntegrationRegistryOptions): IntegrationRegistry {
  const { openHttp, clock, allowedAddress } = options;
  const failures = templateFailures(options.registry);
  const context: IntegrationContext = {
    openHttp,
    allowedAddress,
    templateFailed: (receiver, integration) => failures.inc({ receiver, integration }),
  };
  // Whether a text is a template does not depend on the files of definitions.
  const builtin = new CompiledTemplates([], clock);
  return {
    globalKeys: GLOBAL_KEYS,
    parsers(values, { yaml, directory }: ParseContext) {
      const sections: SectionContext = { yaml, directory, checkTemplate: (text) => builtin.check(text) };
      const globals = readGlobals(values, sections);
      return new Map(
        Object.entries(KINDS).map(([name, kind]) => [
          name,
          (item: Place) => parseItem(item, { kind, sections, globals, context }),
        ]),
      );
    },
    templates(files) {
      const templates = new CompiledTemplates(files, clock);
      const problems = templates.problems.map(
        ({ file, error }): FileProblem => ({
          file,
          line: error.line,
          column: error.column,
          field: '',
          message: `invalid template: ${error.reason}`,
        }),
      );
      return { templates, problems };
    },
  };
}

function parseItem(
  item: Place,
  {
    kind,
    sections,
    globals,
    context,
  }: {
    readonly kind: Kind;
    readonly sections: SectionContext;
    readonly globals: Globals;
    readonly context: IntegrationContext;
  },
): IntegrationSettings | undefined {
  const { problems } = sections.yaml;
  const before = problems.length;
  const settings = kind.parse(Section.read(sections, item, kind.keys), globals, context);
  return problems.length === before ? settings : undefined;
}

const FAILURES = 'pharos_notification_template_failures_total';

function templateFailures(registry: Registry): Counter<'receiver' | 'integration'> {
  const known = registry.getSingleMetric(FAILURES);
  if (known !== undefined) return known as Counter<'receiver' | 'integration'>;
  return new Counter({
    name: FAILURES,
    help: 'Fields of notifications that were sent with a plain text because their template failed.',
    labelNames: ['receiver', 'integration'],
    registers: [registry],
  });
}
