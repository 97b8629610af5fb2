import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { platform, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHostScraper, type HostScraperOptions } from './host-scraper.ts';

/** `name{label="value"}` as it was written, to its value. */
async function scrape(options: HostScraperOptions): Promise<Map<string, number>> {
  const scraper = createHostScraper(options);
  const { bytes, contentType } = await scraper.scrape(AbortSignal.timeout(20_000));
  expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
  const samples = new Map<string, number>();
  for (const line of new TextDecoder().decode(bytes).split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const blank = line.lastIndexOf(' ');
    expect(samples.has(line.slice(0, blank)), `repeated: ${line}`).toBe(false);
    samples.set(line.slice(0, blank), Number(line.slice(blank + 1).replace('Inf', 'Infinity')));
  }
  await scraper.close();
  return samples;
}

describe('on files of a machine that is not there', () => {
  let root: string;
  let options: HostScraperOptions;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'pharos-host-'));
    options = {
      procRoot: join(root, 'proc'),
      sysRoot: join(root, 'sys'),
      rootfs: join(root, 'rootfs'),
      udevRoot: join(root, 'udev'),
    };
    for (const name of ['proc', 'sys', 'rootfs', 'udev']) mkdirSync(join(root, name));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }

  test('with nothing to read every collector that needs a file fails and the scrape does not', async () => {
    const samples = await scrape(options);
    expect(samples.get('node_scrape_collector_success{collector="meminfo"}')).toBe(0);
    expect(samples.get('node_scrape_collector_success{collector="cpu"}')).toBe(0);
    expect(samples.get('node_scrape_collector_success{collector="time"}')).toBe(1);
    expect(samples.get('node_scrape_collector_duration_seconds{collector="cpu"}')).toBeGreaterThanOrEqual(0);
  });

  test('cpu and stat: a kernel of today', async () => {
    write(
      'proc/stat',
      'cpu  300 20 30 4000 50 6 7 8 9 10\ncpu0 100 10 15 2000 25 3 3 4 5 6\ncpu12 200 10 15 2000 25 3 4 4 4 4\n' +
        'intr 12345 1 2 3\nctxt 67890\nbtime 1700000000\nprocesses 321\nprocs_running 4\nprocs_blocked 1\nsoftirq 9 1 2\n',
    );
    const samples = await scrape(options);
    expect(samples.get('node_cpu_seconds_total{cpu="0",mode="idle"}')).toBe(20);
    expect(samples.get('node_cpu_seconds_total{cpu="12",mode="user"}')).toBe(2);
    expect(samples.get('node_cpu_seconds_total{cpu="0",mode="steal"}')).toBe(0.04);
    expect(samples.get('node_cpu_guest_seconds_total{cpu="0",mode="user"}')).toBe(0.05);
    expect(samples.get('node_cpu_guest_seconds_total{cpu="0",mode="nice"}')).toBe(0.06);
    expect([...samples.keys()].filter((key) => key.startsWith('node_cpu_seconds_total'))).toHaveLength(16);
    expect(samples.get('node_intr_total')).toBe(12345);
    expect(samples.get('node_context_switches_total')).toBe(67890);
    expect(samples.get('node_boot_time_seconds')).toBe(1_700_000_000);
    expect(samples.get('node_forks_total')).toBe(321);
    expect(samples.get('node_procs_running')).toBe(4);
    expect(samples.get('node_procs_blocked')).toBe(1);
  });

  test('cpu: an old kernel without steal and guest, and idle that goes back', async () => {
    const scraper = createHostScraper(options);
    const idle = async (ticks: number): Promise<string | undefined> => {
      write('proc/stat', `cpu0 100 10 15 ${ticks} 25 3 3\nintr 1\n`);
      const text = new TextDecoder().decode((await scraper.scrape(AbortSignal.timeout(20_000))).bytes);
      expect(text).toContain('node_cpu_seconds_total{cpu="0",mode="steal"} 0\n');
      return /^node_cpu_seconds_total\{cpu="0",mode="idle"\} (.*)$/m.exec(text)?.[1];
    };
    expect(await idle(2000)).toBe('20');
    expect(await idle(1990)).toBe('20');
    expect(await idle(2010)).toBe('20.1');
    // Unplugged and plugged in again.
    expect(await idle(100)).toBe('1');
  });

  test('cpu: throttling is counted once per core and package', async () => {
    write('proc/stat', 'cpu0 1 1 1 1 1 1 1 1 1 1\n');
    for (const [thread, core] of [
      [0, 0],
      [1, 0],
      [2, 1],
    ]) {
      const path = `sys/devices/system/cpu/cpu${thread}`;
      write(`${path}/thermal_throttle/core_throttle_count`, `${10 + core!}\n`);
      write(`${path}/thermal_throttle/package_throttle_count`, '30\n');
      write(`${path}/topology/core_id`, `${core}\n`);
      write(`${path}/topology/physical_package_id`, '0\n');
    }
    const samples = await scrape(options);
    expect(samples.get('node_cpu_core_throttles_total{package="0",core="0"}')).toBe(10);
    expect(samples.get('node_cpu_core_throttles_total{package="0",core="1"}')).toBe(11);
    expect(samples.get('node_cpu_package_throttles_total{package="0"}')).toBe(30);
  });

  test('meminfo: kilobytes become bytes, counts stay', async () => {
    write(
      'proc/meminfo',
      'MemTotal:       1000 kB\nActive(anon):     20 kB\nHugePages_Total:       7\nHugepagesize:       2048 kB\n',
    );
    const samples = await scrape(options);
    expect(samples.get('node_memory_MemTotal_bytes')).toBe(1_024_000);
    expect(samples.get('node_memory_Active_anon_bytes')).toBe(20_480);
    expect(samples.get('node_memory_HugePages_Total')).toBe(7);
    expect(samples.get('node_memory_Hugepagesize_bytes')).toBe(2_097_152);
  });

  test('diskstats: 11, 15 and 17 columns; partitions and ram disks are left out', async () => {
    write(
      'proc/diskstats',
      '   8       0 sda 1 2 3 4 5 6 7 8 9 10 11\n   8       1 sda1 1 2 3 4 5 6 7 8 9 10 11\n' +
        ' 259       0 nvme0n1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n 254       0 vda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 1700\n' +
        '   1       0 ram0 0 0 0 0 0 0 0 0 0 0 0\n',
    );
    write(
      'udev/b8:0',
      'N:sda\nE:ID_MODEL=Fast "Disk"\nE:ID_SERIAL_SHORT=S=1\nE:ID_FS_USAGE=filesystem\nE:ID_FS_TYPE=ext4\n',
    );
    const samples = await scrape(options);
    expect(samples.get('node_disk_reads_completed_total{device="sda"}')).toBe(1);
    expect(samples.get('node_disk_read_bytes_total{device="sda"}')).toBe(3 * 512);
    expect(samples.get('node_disk_read_time_seconds_total{device="sda"}')).toBe(0.004);
    expect(samples.get('node_disk_written_bytes_total{device="sda"}')).toBe(7 * 512);
    expect(samples.get('node_disk_io_now{device="sda"}')).toBe(9);
    expect(samples.get('node_disk_io_time_weighted_seconds_total{device="sda"}')).toBe(0.011);
    expect(samples.has('node_disk_discards_completed_total{device="sda"}')).toBe(false);
    expect(samples.get('node_disk_discard_time_seconds_total{device="nvme0n1"}')).toBe(0.015);
    expect(samples.get('node_disk_flush_requests_time_seconds_total{device="vda"}')).toBe(1.7);
    expect([...samples.keys()].filter((key) => /sda1|ram0/.test(key))).toEqual([]);
    expect(
      samples.get(
        'node_disk_info{device="sda",major="8",minor="0",path="",wwn="",model="Fast \\"Disk\\"",serial="S=1",revision=""}',
      ),
    ).toBe(1);
    expect(
      samples.get('node_disk_filesystem_info{device="sda",type="ext4",usage="filesystem",uuid="",version=""}'),
    ).toBe(1);
  });

  test('netdev: with and without a blank after the colon, aliases, and interfaces of pods left out', async () => {
    write(
      'proc/net/dev',
      'Inter-|   Receive                                                |  Transmit\n' +
        ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n' +
        '  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n  br0:4503599627370496 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n' +
        'eth0:1: 0 0 0 0 0 0 0 0 77 0 0 0 0 0 0 0\nveth0123: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n',
    );
    write('sys/class/net/eth0/statistics/rx_nohandler', '3\n');
    const samples = await scrape(options);
    expect(samples.get('node_network_receive_bytes_total{device="eth0"}')).toBe(1);
    expect(samples.get('node_network_receive_multicast_total{device="eth0"}')).toBe(8);
    expect(samples.get('node_network_transmit_compressed_total{device="eth0"}')).toBe(16);
    expect(samples.get('node_network_receive_bytes_total{device="br0"}')).toBe(2 ** 52);
    expect(samples.get('node_network_transmit_bytes_total{device="eth0:1"}')).toBe(77);
    expect(samples.get('node_network_receive_nohandler_total{device="eth0"}')).toBe(3);
    expect([...samples.keys()].filter((key) => key.includes('veth'))).toEqual([]);
  });

  test('the network of the machine is read through process 1 when proc is mounted elsewhere', async () => {
    write('proc/net/arp', 'IP address HW type Flags HW address Mask Device\n10.0.0.1 0x1 0x2 aa * container0\n');
    write('proc/1/net/dev', 'a\nb\n');
    write(
      'proc/1/net/arp',
      'IP address HW type Flags HW address Mask Device\n1.1.1.1 0x1 0x2 aa * eth0\n1.1.1.2 0x1 0x2 aa * eth0\n',
    );
    const samples = await scrape(options);
    expect(samples.get('node_arp_entries{device="eth0"}')).toBe(2);
    expect(samples.has('node_arp_entries{device="container0"}')).toBe(false);
  });

  test('netclass: numbers in decimal and hexadecimal, attributes that a driver does not have', async () => {
    const path = 'sys/class/net/eth0';
    const attributes = {
      operstate: 'up',
      address: '02:00',
      mtu: '1500',
      flags: '0x1003',
      speed: '10000',
      carrier: '1',
      ifalias: 'a"b',
    };
    for (const [name, value] of Object.entries(attributes)) write(`${path}/${name}`, `${value}\n`);
    write('sys/class/net/tun0/operstate', 'unknown\n');
    write('sys/class/net/bonding_masters', 'bond0\n');
    const samples = await scrape(options);
    expect(samples.get('node_network_up{device="eth0"}')).toBe(1);
    expect(samples.get('node_network_up{device="tun0"}')).toBe(0);
    expect(samples.get('node_network_flags{device="eth0"}')).toBe(0x1003);
    expect(samples.get('node_network_speed_bytes{device="eth0"}')).toBe(1.25e9);
    expect(samples.has('node_network_speed_bytes{device="tun0"}')).toBe(false);
    expect(
      samples.get(
        'node_network_info{device="eth0",address="02:00",broadcast="",duplex="",operstate="up",ifalias="a\\"b"}',
      ),
    ).toBe(1);
    expect(samples.has('node_network_up{device="bonding_masters"}')).toBe(false);
  });

  test('netstat: keeps the default fields, with and without IPv6', async () => {
    write(
      'proc/net/netstat',
      'TcpExt: SyncookiesSent ListenDrops Other\nTcpExt: 1 2 3\nIpExt: InNoRoutes InOctets\nIpExt: 4 5\n',
    );
    write(
      'proc/net/snmp',
      'Ip: Forwarding DefaultTTL\nIp: 2 64\nTcp: RtoAlgorithm MaxConn CurrEstab InErrs\nTcp: 1 -1 12 3\n',
    );
    const without = await scrape(options);
    expect(without.get('node_scrape_collector_success{collector="netstat"}')).toBe(1);
    expect(without.get('node_netstat_TcpExt_ListenDrops')).toBe(2);
    expect(without.has('node_netstat_TcpExt_Other')).toBe(false);
    expect(without.get('node_netstat_IpExt_InOctets')).toBe(5);
    expect(without.get('node_netstat_Ip_Forwarding')).toBe(2);
    expect(without.get('node_netstat_Tcp_CurrEstab')).toBe(12);
    expect(without.has('node_netstat_Tcp_MaxConn')).toBe(false);
    write(
      'proc/net/snmp6',
      'Ip6InOctets 	 6\nUdp6InDatagrams 	7\nIcmp6InMsgs 8\nUdpLite6InErrors 9\nIp6InReceives 1\n',
    );
    const samples = await scrape(options);
    expect(samples.get('node_netstat_Ip6_InOctets')).toBe(6);
    expect(samples.get('node_netstat_Udp6_InDatagrams')).toBe(7);
    expect(samples.get('node_netstat_UdpLite6_InErrors')).toBe(9);
    expect(samples.has('node_netstat_Ip6_InReceives')).toBe(false);
  });

  test('sockstat, softnet and udp_queues', async () => {
    write('proc/net/sockstat', 'sockets: used 16\nTCP: inuse 1 orphan 0 tw 2 alloc 3 mem 4\n');
    write('proc/net/sockstat6', 'TCP6: inuse 5\n');
    write(
      'proc/net/softnet_stat',
      `0000000a 00000001 00000002 ${'00000000 '.repeat(5)}00000003 00000004 00000005 00000006 00000007 00000000 00000000\n`,
    );
    const header = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n';
    write(
      'proc/net/udp',
      `${header}  1: 0:0 0:0 07 0000000A:00000010 00:0 0\n  2: 0:0 0:0 07 00000001:00000001 00:0 0\n`,
    );
    const samples = await scrape(options);
    expect(samples.get('node_sockstat_sockets_used')).toBe(16);
    expect(samples.get('node_sockstat_TCP_mem')).toBe(4);
    expect(samples.get('node_sockstat_TCP_mem_bytes')! % (4 * 4096)).toBe(0);
    expect(samples.get('node_sockstat_TCP6_inuse')).toBe(5);
    expect(samples.get('node_softnet_processed_total{cpu="7"}')).toBe(10);
    expect(samples.get('node_softnet_cpu_collision_total{cpu="7"}')).toBe(3);
    expect(samples.get('node_softnet_backlog_len{cpu="7"}')).toBe(6);
    expect(samples.get('node_udp_queues{queue="tx",ip="v4"}')).toBe(11);
    expect(samples.get('node_udp_queues{queue="rx",ip="v4"}')).toBe(17);
    expect(samples.has('node_udp_queues{queue="rx",ip="v6"}')).toBe(false);
  });

  test('conntrack sums the processors', async () => {
    write('proc/sys/net/netfilter/nf_conntrack_count', '12\n');
    write('proc/sys/net/netfilter/nf_conntrack_max', '65536\n');
    write(
      'proc/net/stat/nf_conntrack',
      'entries  found drop early_drop\n0000000c 00000001 0000000a 00000000\n0000000c 00000002 00000001 00000000\n',
    );
    const samples = await scrape(options);
    expect(samples.get('node_nf_conntrack_entries')).toBe(12);
    expect(samples.get('node_nf_conntrack_entries_limit')).toBe(65536);
    expect(samples.get('node_nf_conntrack_stat_found')).toBe(3);
    expect(samples.get('node_nf_conntrack_stat_drop')).toBe(11);
  });

  test('pressure with and without the full line of cpu and the file of irq', async () => {
    const some = (total: number) => `some avg10=0.00 avg60=0.13 avg300=0.10 total=${total}\n`;
    const full = (total: number) => `full avg10=0.00 avg60=0.00 avg300=0.00 total=${total}\n`;
    write('proc/pressure/cpu', some(1_500_000));
    write('proc/pressure/io', some(1) + full(2));
    write('proc/pressure/memory', some(3) + full(4));
    const old = await scrape(options);
    expect(old.get('node_pressure_cpu_waiting_seconds_total')).toBe(1.5);
    expect(old.has('node_pressure_cpu_stalled_seconds_total')).toBe(false);
    expect(old.get('node_pressure_io_stalled_seconds_total')).toBe(2e-6);
    expect(old.has('node_pressure_irq_stalled_seconds_total')).toBe(false);
    write('proc/pressure/cpu', some(1_500_000) + full(0));
    write('proc/pressure/irq', full(7_000_000));
    const recent = await scrape(options);
    expect(recent.get('node_pressure_cpu_stalled_seconds_total')).toBe(0);
    expect(recent.get('node_pressure_irq_stalled_seconds_total')).toBe(7);
  });

  test('schedstat, vmstat, loadavg, filefd, entropy', async () => {
    write('proc/schedstat', 'version 15\ntimestamp 1\ncpu0 0 0 0 0 0 0 2000000000 3000000000 45\ndomain0 3 1 2\n');
    write('proc/vmstat', 'nr_free_pages 1\npgpgin 2\npgmajfault 3\noom_kill 4\npswpout 5\n');
    write('proc/loadavg', '0.10 0.20 0.30 1/100 1234\n');
    write('proc/sys/fs/file-nr', '653\t0\t9223372036854775807\n');
    write('proc/sys/kernel/random/entropy_avail', '256\n');
    write('proc/sys/kernel/random/poolsize', '256\n');
    const samples = await scrape(options);
    expect(samples.get('node_schedstat_running_seconds_total{cpu="0"}')).toBe(2);
    expect(samples.get('node_schedstat_waiting_seconds_total{cpu="0"}')).toBe(3);
    expect(samples.get('node_schedstat_timeslices_total{cpu="0"}')).toBe(45);
    expect(samples.get('node_vmstat_pgmajfault')).toBe(3);
    expect(samples.get('node_vmstat_oom_kill')).toBe(4);
    expect(samples.has('node_vmstat_nr_free_pages')).toBe(false);
    expect(samples.get('node_load15')).toBe(0.3);
    expect(samples.get('node_filefd_allocated')).toBe(653);
    expect(samples.get('node_filefd_maximum')).toBe(2 ** 63);
    expect(samples.get('node_entropy_available_bits')).toBe(256);
  });

  test('uname, os, dmi, selinux', async () => {
    const kernel = { ostype: 'Linux', osrelease: '6.1', version: '#1 SMP', hostname: 'pod-1', domainname: '(none)' };
    for (const [name, value] of Object.entries(kernel)) write(`proc/sys/kernel/${name}`, `${value}\n`);
    write(
      'rootfs/usr/lib/os-release',
      'NAME="Some \\"OS\\""\nID=some\nVERSION_ID=\'22.04\'\n# c\nSUPPORT_END=2030-01-02\n',
    );
    write('sys/class/dmi/id/sys_vendor', 'Vendor\n');
    write('sys/class/dmi/id/product_name', 'Thing\n');
    write('sys/fs/selinux/enforce', '1');
    write('rootfs/etc/selinux/config', '# SELINUX=disabled\nSELINUX=permissive\n');
    const samples = await scrape({ ...options, nodename: 'node-1' });
    const uname = [...samples.keys()].find((key) => key.startsWith('node_uname_info'));
    expect(uname).toContain('nodename="node-1"');
    expect(uname).toContain('release="6.1"');
    const os = [...samples.keys()].find((key) => key.startsWith('node_os_info'));
    expect(os).toContain('name="Some \\"OS\\""');
    expect(samples.get('node_os_version{id="some",id_like="",name="Some \\"OS\\""}')).toBe(22.04);
    expect(samples.get('node_os_support_end_timestamp_seconds')).toBe(Date.UTC(2030, 0, 2) / 1000);
    expect(samples.get('node_dmi_info{product_name="Thing",system_vendor="Vendor"}')).toBe(1);
    expect(samples.get('node_selinux_enabled')).toBe(1);
    expect(samples.get('node_selinux_config_mode')).toBe(0);
  });

  test('bonding and mdadm', async () => {
    write('sys/class/net/bonding_masters', 'bond0\n');
    write('sys/class/net/bond0/bonding/slaves', 'eth0 eth1\n');
    write('sys/class/net/bond0/lower_eth0/bonding_slave/mii_status', 'up\n');
    write('sys/class/net/bond0/slave_eth1/bonding_slave/mii_status', 'down\n');
    write(
      'proc/mdstat',
      'Personalities : [raid1] [raid0]\nmd0 : active raid1 sdb1[1] sda1[0](F) sdc1[2](S)\n      1000 blocks super 1.2 [2/1] [_U]\n' +
        '      [=>...................]  recovery =  8.5% (85/1000) finish=17.0min speed=1K/sec\n\n' +
        'md1 : active raid0 sdd[1] sde[0]\n      500 blocks super 1.2 512k chunks\n\nmd2 : inactive sdf[0](S)\n      10 blocks\n\nunused devices: <none>\n',
    );
    const samples = await scrape(options);
    expect(samples.get('node_bonding_slaves{master="bond0"}')).toBe(2);
    expect(samples.get('node_bonding_active{master="bond0"}')).toBe(1);
    expect(samples.get('node_md_disks{device="md0",state="active"}')).toBe(1);
    expect(samples.get('node_md_disks{device="md0",state="failed"}')).toBe(1);
    expect(samples.get('node_md_disks{device="md0",state="spare"}')).toBe(1);
    expect(samples.get('node_md_disks_required{device="md0"}')).toBe(2);
    expect(samples.get('node_md_state{device="md0",state="recovering"}')).toBe(1);
    expect(samples.get('node_md_blocks_synced{device="md0"}')).toBe(85);
    expect(samples.get('node_md_disks_required{device="md1"}')).toBe(2);
    expect(samples.get('node_md_disks{device="md1",state="active"}')).toBe(2);
    expect(samples.get('node_md_state{device="md2",state="inactive"}')).toBe(1);
    expect([...samples.keys()].filter((key) => key.includes('Personalities') || key.includes('unused'))).toEqual([]);
  });

  test('hwmon, thermal_zone and cpufreq', async () => {
    write('sys/class/hwmon/hwmon0/name', 'coretemp\n');
    write('sys/class/hwmon/hwmon0/temp1_input', '45500\n');
    write('sys/class/hwmon/hwmon0/temp1_crit', '100000\n');
    write('sys/class/hwmon/hwmon0/temp1_crit_alarm', '0\n');
    write('sys/class/hwmon/hwmon0/temp1_label', 'Package id 0\n');
    write('sys/class/hwmon/hwmon0/fan2_input', '1200\n');
    write('sys/class/thermal/thermal_zone0/type', 'acpitz\n');
    write('sys/class/thermal/thermal_zone0/temp', '27800\n');
    write('sys/class/thermal/cooling_device3/type', 'Processor\n');
    write('sys/class/thermal/cooling_device3/cur_state', '1\n');
    write('sys/class/thermal/cooling_device3/max_state', '10\n');
    write('sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq', '2400000\n');
    write('sys/devices/system/cpu/cpu0/cpufreq/scaling_governor', 'powersave\n');
    write('sys/devices/system/cpu/cpu0/cpufreq/scaling_available_governors', 'performance powersave\n');
    const samples = await scrape(options);
    expect(samples.get('node_hwmon_temp_celsius{chip="coretemp",sensor="temp1"}')).toBe(45.5);
    expect(samples.get('node_hwmon_temp_crit_celsius{chip="coretemp",sensor="temp1"}')).toBe(100);
    expect(samples.get('node_hwmon_temp_crit_alarm{chip="coretemp",sensor="temp1"}')).toBe(0);
    expect(samples.has('node_hwmon_temp_crit_alarm_celsius{chip="coretemp",sensor="temp1"}')).toBe(false);
    expect(samples.get('node_hwmon_sensor_label{chip="coretemp",sensor="temp1",label="Package id 0"}')).toBe(1);
    expect(samples.get('node_hwmon_fan_rpm{chip="coretemp",sensor="fan2"}')).toBe(1200);
    expect(samples.get('node_thermal_zone_temp{zone="0",type="acpitz"}')).toBe(27.8);
    expect(samples.get('node_cooling_device_max_state{name="3",type="Processor"}')).toBe(10);
    expect(samples.get('node_cpu_scaling_frequency_hertz{cpu="0"}')).toBe(2.4e9);
    expect(samples.get('node_cpu_scaling_governor{cpu="0",governor="powersave"}')).toBe(1);
    expect(samples.get('node_cpu_scaling_governor{cpu="0",governor="performance"}')).toBe(0);
  });

  test('a broken file fails its collector only, keeping what came before', async () => {
    write('proc/meminfo', 'MemTotal: 1 kB\nMemFree: lots kB\n');
    write('proc/loadavg', '1 2 3\n');
    const samples = await scrape(options);
    expect(samples.get('node_scrape_collector_success{collector="meminfo"}')).toBe(0);
    expect(samples.get('node_memory_MemTotal_bytes')).toBe(1024);
    expect(samples.get('node_scrape_collector_success{collector="loadavg"}')).toBe(1);
  });

  test('a file that blocks fails its collector alone, which runs again when it is free', async () => {
    mkdirSync(join(root, 'sys/class/dmi/id'), { recursive: true });
    const pipe = join(root, 'sys/class/dmi/id/sys_vendor');
    // Opening a named pipe waits for somebody to write to it.
    execFileSync('mkfifo', [pipe]);
    const scraper = createHostScraper({ ...options, collectorTimeout: 50 });
    const success = async () => {
      const { bytes } = await scraper.scrape(AbortSignal.timeout(20_000));
      const text = new TextDecoder().decode(bytes);
      expect(text).toContain('node_scrape_collector_success{collector="time"} 1\n');
      return /^node_scrape_collector_success\{collector="dmi"\} (.)$/m.exec(text)?.[1];
    };
    expect(await success()).toBe('0');
    const start = performance.now();
    expect(await success()).toBe('0');
    expect(performance.now() - start, 'does not wait again').toBeLessThan(5_000);
    await writeFile(pipe, 'Vendor\n');
    rmSync(pipe);
    writeFileSync(pipe, 'Vendor\n');
    await expect.poll(success, { timeout: 10_000 }).toBe('1');
  });

  test('disabled collectors do not run, unknown ones are refused', async () => {
    write('proc/loadavg', '1 2 3\n');
    const samples = await scrape({ ...options, disabledCollectors: ['loadavg'] });
    expect(samples.has('node_load1')).toBe(false);
    expect(samples.has('node_scrape_collector_success{collector="loadavg"}')).toBe(false);
    expect(() => createHostScraper({ disabledCollectors: ['load'] })).toThrow(/must be one of arp, .*got "load"/);
  });
});

test('an aborted scrape rejects with the reason', async () => {
  const reason = new Error('enough');
  await expect(createHostScraper().scrape(AbortSignal.abort(reason))).rejects.toBe(reason);
});

describe.skipIf(platform() !== 'linux')('on this machine', () => {
  test('the values hold together', async () => {
    const samples = await scrape({ version: '1.2.3' });
    const value = (key: string) => samples.get(key) ?? Number.NaN;
    expect(value('node_memory_MemFree_bytes')).toBeLessThan(value('node_memory_MemTotal_bytes'));
    expect(value('node_memory_MemTotal_bytes') % 1024).toBe(0);
    expect(value('node_boot_time_seconds')).toBeLessThan(value('node_time_seconds'));
    expect(Math.abs(value('node_time_seconds') - Date.now() / 1000)).toBeLessThan(60);
    // All modes of a processor together are the time since it started.
    let processor = 0;
    for (const [key, seconds] of samples) if (key.startsWith('node_cpu_seconds_total{cpu="0"')) processor += seconds;
    const uptime = value('node_time_seconds') - value('node_boot_time_seconds');
    expect(processor).toBeGreaterThan(0);
    expect(processor).toBeLessThan(uptime * 1.1 + 5);
    const sizes = [...samples].filter(([key]) => key.startsWith('node_filesystem_size_bytes'));
    for (const [key, size] of sizes) {
      expect(value(key.replace('_size_', '_free_'))).toBeLessThanOrEqual(size);
      expect(value(key.replace('_size_', '_avail_'))).toBeLessThanOrEqual(value(key.replace('_size_', '_free_')));
    }
    for (const name of [
      'cpu',
      'meminfo',
      'loadavg',
      'stat',
      'time',
      'uname',
      'vmstat',
      'filefd',
      'netdev',
      'filesystem',
    ]) {
      expect(value(`node_scrape_collector_success{collector="${name}"}`), name).toBe(1);
    }
    expect(value('node_exporter_build_info{version="1.2.3"}')).toBe(1);
  });
});
