import { COLUMNS } from '../load/columns.ts';
import type { Meters } from '../load/meters.ts';
import type { Machine, RunningContainer, RunningPod } from '../runtime/machine.ts';
import { CADVISOR_FAMILIES, type CadvisorFamily, KIND, type RowFacts } from './cadvisor-families.ts';
import type { PageWriter } from './page-writer.ts';

/**
 * A row's labels as bytes, in pieces: a family's own labels stand between them, sorted by name as Go sorts them.
 *
 *     {container="c", | id="…",image="…", | name="…",namespace="…",pod="…" | }
 */
interface RowLabels {
  readonly text: Buffer;
  readonly afterContainer: number;
  readonly afterImage: number;
  readonly afterName: number;
  readonly end: number;
}

interface Row {
  readonly kind: number;
  readonly meter: number;
  readonly labels: RowLabels;
  readonly facts: RowFacts;
  /** When its values were taken. */
  readonly time: number;
  readonly timestamp: Buffer;
}

interface FamilyBytes {
  readonly header: Buffer | undefined;
  readonly name: Buffer;
  /** Labels after `container`, after `image`, after `name`, and at the end. */
  readonly labels: readonly [Buffer, Buffer, Buffer, Buffer];
  readonly plain: boolean;
}

const NONE = Buffer.alloc(0);
const FAMILY_BYTES: readonly FamilyBytes[] = CADVISOR_FAMILIES.map((family, index) => {
  const first = CADVISOR_FAMILIES[index - 1]?.name !== family.name;
  const places: [string[], string[], string[], string[]] = [[], [], [], []];
  for (const label of family.label.split(/[ ,]/).filter(Boolean)) {
    const name = label.slice(0, label.indexOf('='));
    places[name < 'id' ? 0 : name < 'name' ? 1 : name < 'namespace' ? 2 : 3].push(label);
  }
  const bytes = (labels: readonly string[], place: number) =>
    labels.length === 0 ? NONE : Buffer.from(place === 3 ? `,${labels.join(',')}` : `${labels.join(',')},`, 'latin1');
  return {
    header: first
      ? Buffer.from(`# HELP ${family.name} ${family.help}\n# TYPE ${family.name} ${family.type}\n`, 'latin1')
      : undefined,
    name: Buffer.from(family.name, 'latin1'),
    labels: [bytes(places[0], 0), bytes(places[1], 1), bytes(places[2], 2), bytes(places[3], 3)],
    plain: family.label === '',
  };
});

export interface CadvisorPageOptions {
  readonly meters: Meters;
  /** How often a container's values are taken, each at its own moment; 0: whenever the page is asked for. Milliseconds. */
  readonly housekeeping: number;
}

/** The page /metrics/cadvisor of a kubelet. */
export class CadvisorPage {
  readonly #meters: Meters;
  readonly #housekeeping: number;
  /** Labels of what is not a container, by the meter's row. */
  readonly #labels = new WeakMap<object, RowLabels>();
  #values = new Float64Array(512 * COLUMNS);

  constructor({ meters, housekeeping }: CadvisorPageOptions) {
    this.#meters = meters;
    this.#housekeeping = housekeeping;
  }

  /** When the values of a container that a page at `now` shows were taken. */
  sampledAt(
    { seed, startedAt, endedAt }: Pick<RunningContainer, 'seed' | 'startedAt' | 'endedAt'>,
    now: number,
  ): number {
    let time = now;
    if (this.#housekeeping > 0) {
      const phase = seed % this.#housekeeping;
      time = Math.floor((now - phase) / this.#housekeeping) * this.#housekeeping + phase;
    }
    return Math.min(now, endedAt ?? now, Math.max(time, startedAt));
  }

  write(writer: PageWriter, machine: Machine, { now, skew }: { readonly now: number; readonly skew: number }): void {
    const rows = this.#rows(machine, { now, skew });
    const present = Buffer.from(` ${now + skew}\n`, 'latin1');
    if (rows.length * COLUMNS > this.#values.length) this.#values = new Float64Array(2 * rows.length * COLUMNS);
    const views = rows.map((row, index) => {
      const view = this.#values.subarray(index * COLUMNS, (index + 1) * COLUMNS);
      this.#meters.read(row.meter, row.time, view);
      return view;
    });
    writer.family(
      'cadvisor_version_info',
      'gauge',
      "A metric with a constant '1' value labeled by kernel version, OS version, docker version & cadvisor version.",
    );
    writer.sample(
      'cadvisor_version_info{cadvisorRevision="",cadvisorVersion="",dockerVersion="",kernelVersion="6.1.0-28-cloud-amd64",osVersion="Debian GNU/Linux 12 (bookworm)"}',
      1,
    );
    for (let index = 0; index < CADVISOR_FAMILIES.length; index++) {
      const family = CADVISOR_FAMILIES[index]!;
      const bytes = FAMILY_BYTES[index]!;
      if (bytes.header !== undefined) writer.bytes(bytes.header);
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]!;
        if ((family.kinds & row.kind) !== 0) writeLine(writer, { family, bytes, row, values: views[i]!, present });
      }
    }
    writer.family(
      'container_scrape_error',
      'gauge',
      '1 if there was an error while getting container metrics, 0 otherwise',
    );
    writer.sample('container_scrape_error', 0);
    writer.family('machine_cpu_cores', 'gauge', 'Number of logical CPU cores.');
    writer.sample('machine_cpu_cores{boot_id="",machine_id="",system_uuid=""}', machine.cores);
    writer.family('machine_memory_bytes', 'gauge', 'Amount of memory installed on the machine.');
    writer.sample('machine_memory_bytes{boot_id="",machine_id="",system_uuid=""}', machine.memory);
  }

  #rows(machine: Machine, { now, skew }: { readonly now: number; readonly skew: number }): Row[] {
    const rows: Row[] = [];
    const seconds = Math.floor(now / 1000);
    const add = (kind: number, meter: number, more: Pick<Row, 'labels' | 'facts' | 'time'>) => {
      rows.push({ kind, meter, ...more, timestamp: Buffer.from(` ${more.time + skew}\n`, 'latin1') });
    };
    if (!machine.virtual) {
      const { rows: meters } = machine;
      const cgroups: readonly (readonly [string, number])[] = [
        ['/', meters.root],
        ['/kubepods.slice', meters.pods],
        ['/kubepods.slice/kubepods-besteffort.slice', meters.bestEffort],
        ['/kubepods.slice/kubepods-burstable.slice', meters.burstable],
        ['/system.slice', meters.system],
        [`/system.slice/${machine.runtime === 'cri-o' ? 'crio' : 'containerd'}.service`, meters.runtime],
        ['/system.slice/kubelet.service', meters.kubelet],
      ];
      for (const [index, [id, meter]] of cgroups.entries()) {
        const facts = factsOf(machine, { startedAt: machine.bootedAt, now: seconds });
        const time = this.sampledAt(
          { seed: machine.number * 131 + index * 977, startedAt: machine.bootedAt, endedAt: undefined },
          now,
        );
        add(index === 0 ? KIND.root : KIND.slice, meter, { labels: cgroupLabels(id), facts, time });
      }
    }
    for (const pod of machine.pods.values()) {
      const facts = factsOf(machine, { startedAt: pod.startedAt, now: Math.floor((pod.endedAt ?? now) / 1000) });
      const seed = Number.parseInt(pod.sandbox.id.slice(0, 7), 16);
      const time = this.sampledAt({ seed, startedAt: pod.startedAt, endedAt: pod.endedAt }, now);
      if (pod.endedAt === undefined && !machine.virtual)
        add(KIND.pod, pod.row, { labels: this.#podLabels(pod), facts, time });
      const labels = this.#sandboxLabels(pod);
      add(pod.hostNetwork ? KIND.hostSandbox : KIND.sandbox, pod.sandbox.row, { labels, facts, time });
      if (pod.hostNetwork && !machine.virtual) add(KIND.hostNetwork, machine.rows.root, { labels, facts, time });
      for (const container of pod.containers) {
        const { startedAt, endedAt, memoryLimit = 0, cpuLimit = 0, cpuRequest = 0 } = container;
        add(KIND.container, container.row, {
          labels: this.#containerLabels(container),
          facts: {
            ...factsOf(machine, { startedAt, now: Math.floor((endedAt ?? now) / 1000) }),
            memoryLimit,
            quota: Math.round(cpuLimit * 100_000),
            shares: Math.max(2, Math.floor(cpuRequest * 1024)),
          },
          time: this.sampledAt(container, now),
        });
      }
    }
    return rows;
  }

  #podLabels(pod: RunningPod): RowLabels {
    return this.#remember(pod, () => rowLabels({ id: pod.cgroup, namespace: pod.namespace, pod: pod.name }));
  }

  #sandboxLabels(pod: RunningPod): RowLabels {
    const { machine, sandbox, cgroup, namespace, name } = pod;
    return this.#remember(sandbox, () =>
      rowLabels({
        // containerd's sandbox has no container name, CRI-O calls it POD.
        container: machine.runtime === 'cri-o' ? 'POD' : '',
        id: `${cgroup}/${scopeOf(machine, sandbox.id)}`,
        image: machine.runtime === 'cri-o' ? '' : 'registry.k8s.io/pause:3.10',
        name: sandbox.id,
        namespace,
        pod: name,
      }),
    );
  }

  #containerLabels(container: RunningContainer): RowLabels {
    const { pod, id, image, name } = container;
    return this.#remember(container, () =>
      rowLabels({
        container: name,
        id: `${pod.cgroup}/${scopeOf(pod.machine, id)}`,
        image,
        name: id,
        namespace: pod.namespace,
        pod: pod.name,
      }),
    );
  }

  #remember(what: object, make: () => RowLabels): RowLabels {
    let labels = this.#labels.get(what);
    if (labels === undefined) this.#labels.set(what, (labels = make()));
    return labels;
  }
}

interface Line {
  readonly family: CadvisorFamily;
  readonly bytes: FamilyBytes;
  readonly row: Row;
  readonly values: Float64Array;
  /** The timestamp of the scrape. */
  readonly present: Buffer;
}

function writeLine(writer: PageWriter, { family, bytes, row, values, present }: Line): void {
  const { text, afterContainer, afterImage, afterName, end } = row.labels;
  writer.bytes(bytes.name);
  if (bytes.plain) writer.bytes(text);
  else {
    const [one, two, three, four] = bytes.labels;
    writer.bytes(text, 0, afterContainer);
    if (one.length > 0) writer.bytes(one);
    writer.bytes(text, afterContainer, afterImage);
    if (two.length > 0) writer.bytes(two);
    writer.bytes(text, afterImage, afterName);
    if (three.length > 0) writer.bytes(three);
    writer.bytes(text, afterName, end);
    if (four.length > 0) writer.bytes(four);
    writer.bytes(text, end);
  }
  const value = family.value(values, row.facts);
  if (value >= 0) writer.decimal(value, family.scale);
  else writer.number(value);
  writer.bytes(family.present ? present : row.timestamp);
}

function rowLabels(labels: {
  readonly container?: string;
  readonly id: string;
  readonly image?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly pod?: string;
}): RowLabels {
  const { container = '', id, image = '', name = '', namespace = '', pod = '' } = labels;
  const first = `{container="${container}",`;
  const second = `${first}id="${id}",image="${image}",`;
  const third = `${second}name="${name}",`;
  const all = `${third}namespace="${namespace}",pod="${pod}"`;
  return {
    text: Buffer.from(`${all}} `, 'latin1'),
    afterContainer: first.length,
    afterImage: second.length,
    afterName: third.length,
    end: all.length,
  };
}

const CGROUP_LABELS = new Map<string, RowLabels>();

function cgroupLabels(id: string): RowLabels {
  let labels = CGROUP_LABELS.get(id);
  if (labels === undefined) CGROUP_LABELS.set(id, (labels = rowLabels({ id })));
  return labels;
}

function scopeOf(machine: Machine, id: string): string {
  return machine.runtime === 'cri-o' ? `crio-${id}.scope` : `cri-containerd-${id}.scope`;
}

function factsOf(machine: Machine, { startedAt, now }: { readonly startedAt: number; readonly now: number }): RowFacts {
  return {
    memoryLimit: 0,
    quota: 0,
    shares: 1024,
    startSeconds: Math.floor(startedAt / 1000),
    disk: machine.disk,
    memory: machine.memory,
    lastSeenSeconds: now,
  };
}
