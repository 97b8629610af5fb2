import type { WebhookConfiguration } from '../policy-objects.ts';
import { ALPHA_OPT_IN, type Family, gauge } from './family.ts';
import { createdFamily, resourceVersionFamily } from './metadata-families.ts';
import { clusterWide } from './state-resource.ts';

function familiesOf(prefix: string): readonly Family<WebhookConfiguration>[] {
  return [
    gauge(`${prefix}_info`, 'That there is a webhook configuration.', (_, emit) => emit(1), ALPHA_OPT_IN),
    createdFamily(prefix, ALPHA_OPT_IN),
    resourceVersionFamily(prefix),
    gauge(
      `${prefix}_webhook_clientconfig_service`,
      'Which service a webhook calls.',
      ({ webhooks = [] }, emit) => {
        for (const { name, clientConfig } of webhooks) {
          const service = clientConfig?.service;
          if (service === undefined) continue;
          emit(1, 'webhook_name', name, 'service_name', service.name, 'service_namespace', service.namespace);
        }
      },
      ALPHA_OPT_IN,
    ),
  ];
}

export const MUTATING_WEBHOOK_CONFIGURATIONS = clusterWide(
  'mutatingwebhookconfigurations',
  'mutatingwebhookconfiguration',
  familiesOf('kube_mutatingwebhookconfiguration'),
);

export const VALIDATING_WEBHOOK_CONFIGURATIONS = clusterWide(
  'validatingwebhookconfigurations',
  'validatingwebhookconfiguration',
  familiesOf('kube_validatingwebhookconfiguration'),
);
