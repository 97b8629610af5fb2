import type { StaticDiscoveryConfig } from '../scrape/scrape-config.ts';
import type { Discovery } from './discovery.ts';

/** Targets that never change. */
export function staticDiscovery(config: StaticDiscoveryConfig): Discovery {
  return {
    async run(emit) {
      emit(config.groups);
    },
  };
}
