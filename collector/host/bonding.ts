import { fields, type HostCollector } from './host-collector.ts';

/** node_bonding_slaves and node_bonding_active: the interfaces of each bond. Fails where bonding is not loaded. */
export const bonding: HostCollector = {
  name: 'bonding',
  async collect(files, out) {
    for (const master of fields(await files.sys('class/net/bonding_masters'))) {
      const slaves = fields((await files.sysIf(`class/net/${master}/bonding/slaves`)) ?? '');
      let active = 0;
      for (const slave of slaves) {
        const status =
          (await files.sysIf(`class/net/${master}/lower_${slave}/bonding_slave/mii_status`)) ??
          (await files.sysIf(`class/net/${master}/slave_${slave}/bonding_slave/mii_status`));
        if (status === 'up') active++;
      }
      out.gauge('node_bonding_slaves', 'Interfaces that belong to the bond.').add(slaves.length, { master });
      out.gauge('node_bonding_active', 'Interfaces of the bond that work.').add(active, { master });
    }
  },
};
