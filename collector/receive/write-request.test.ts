import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { double, encodeWriteRequest, field, number, type RequestCase } from './encode-write-request.ts';
import { parseLabels } from './label-bytes.ts';
import { ProtobufError } from './protobuf-reader.ts';
import { WriteRequest } from './write-request.ts';

const LIMITS = { maxLabels: 100, maxNameLength: 1000, maxValueLength: 1000 };

/** What was decoded, in the shape of what was encoded. */
function decoded(request: WriteRequest, bytes: Uint8Array) {
  return Array.from({ length: request.series }, (_, i) => {
    const labels = request.scattered.get(i) ?? bytes.subarray(request.labelsStart[i], request.labelsEnd[i]);
    const samples = [];
    for (let s = i === 0 ? 0 : request.samplesEnd[i - 1]!; s < request.samplesEnd[i]!; s++) {
      samples.push([request.timestamps[s], request.values[s], request.stale[s]]);
    }
    return { labels: parseLabels(labels, LIMITS).toObject(), samples };
  });
}

const series = fc.record({
  labels: fc
    .uniqueArray(fc.tuple(fc.string({ minLength: 1, unit: 'binary' }), fc.string({ minLength: 1, unit: 'binary' })), {
      selector: ([name]) => name,
      maxLength: 5,
    })
    .map((labels) => [['__name__', 'm'] as [string, string], ...labels.filter(([name]) => name !== '__name__')]),
  samples: fc.array(
    fc.record({
      timestamp: fc.oneof(fc.maxSafeInteger(), fc.integer()),
      value: fc.oneof(fc.double(), fc.constant(0x7ff0000000000002n)),
    }),
    { maxLength: 5 },
  ),
});

describe('decoding', () => {
  test('gives back what was encoded', () => {
    const request = new WriteRequest();
    fc.assert(
      fc.property(fc.array(series, { maxLength: 6 }), (list) => {
        const bytes = encodeWriteRequest({ series: list });
        request.decode(bytes);
        expect(decoded(request, bytes)).toEqual(
          list.map(({ labels, samples }) => ({
            labels: Object.fromEntries(labels),
            samples: samples.map(({ timestamp, value }) =>
              typeof value === 'bigint' ? [timestamp, Number.NaN, 1] : [timestamp, value, 0],
            ),
          })),
        );
      }),
    );
  });

  test('any bytes decode or throw a ProtobufError, also when a good request is cut or damaged', () => {
    const request = new WriteRequest();
    const attempt = (bytes: Uint8Array) => {
      try {
        request.decode(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtobufError);
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), attempt));
    fc.assert(
      fc.property(fc.array(series, { maxLength: 3 }), fc.nat(), fc.nat(255), (list, at, byte) => {
        const bytes = encodeWriteRequest({ series: list });
        if (bytes.length === 0) return;
        attempt(bytes.subarray(0, at % bytes.length));
        bytes[at % bytes.length] = byte;
        attempt(bytes);
      }),
    );
  });

  test('columns grow and earlier requests leave nothing behind', () => {
    const request = new WriteRequest();
    const many: RequestCase = {
      series: Array.from({ length: 3000 }, (_, i) => ({
        labels: [['__name__', `m${i}`]],
        samples: Array.from({ length: 4 }, (_, s) => ({ timestamp: i * 10 + s, value: i / 7 })),
        exemplars: 1,
      })),
      metadata: [{ type: 1, metric: 'm', help: 'h', unit: 'u' }],
    };
    const bytes = encodeWriteRequest(many);
    request.decode(bytes);
    expect([request.series, request.samples, request.exemplars, request.metadata.length]).toEqual([
      3000, 12000, 3000, 1,
    ]);
    expect(decoded(request, bytes)[2999]).toEqual({
      labels: { __name__: 'm2999' },
      samples: [0, 1, 2, 3].map((s) => [29990 + s, 2999 / 7, 0]),
    });
    request.decode(new Uint8Array(0));
    expect([request.series, request.samples, request.exemplars, request.metadata.length]).toEqual([0, 0, 0, 0]);
  });

  test('every NaN but the stale marker is a value', () => {
    const request = new WriteRequest();
    const bits = [
      0x7ff8000000000001n,
      0x7ff0000000000001n,
      0xfff0000000000002n,
      0x7ff8000000000002n,
      0x7ff0000000000002n,
    ];
    request.decode(
      encodeWriteRequest({ series: [{ labels: [], samples: bits.map((value) => ({ timestamp: 1, value })) }] }),
    );
    expect([...request.stale.subarray(0, 5)]).toEqual([0, 0, 0, 0, 1]);
    expect([...request.values.subarray(0, 5)].every(Number.isNaN)).toBe(true);
  });

  test('fields in any order, unknown fields, and labels in several pieces', () => {
    const label = (name: string, value: string) =>
      field(1, field(2, Buffer.from(value)), field(9, Buffer.from('?')), field(1, Buffer.from(name)));
    const sample = field(2, number(2, -5n), number(15, 1n), double(1, 1.5), Buffer.from([0x7d, 1, 2, 3, 4]));
    const bytes = Buffer.concat([
      number(2, 7n),
      field(
        1,
        sample,
        label('b', '1'),
        sample,
        label('__name__', 'm'),
        label('a', '2'),
        field(4, Buffer.alloc(3)),
        label('c', '3'),
      ),
      field(99, Buffer.alloc(200)),
      field(1, label('__name__', 'n')),
    ]);
    const request = new WriteRequest();
    request.decode(bytes);
    expect(decoded(request, bytes)).toEqual([
      {
        labels: { __name__: 'm', a: '2', b: '1', c: '3' },
        samples: [
          [-5, 1.5, 0],
          [-5, 1.5, 0],
        ],
      },
      { labels: { __name__: 'n' }, samples: [] },
    ]);
    expect(request.histograms).toBe(1);
  });

  test.each([
    ['a group', Buffer.from([0x0b])],
    ['field number 0', Buffer.from([0x02, 0x00])],
    ['a length beyond the end', Buffer.from([0x0a, 0x05, 0x00])],
    ['a length of 35 bits', Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])],
    ['an endless number', Buffer.from([0x10, ...Array(11).fill(0x80), 0])],
    ['series that are a number', number(1, 5n)],
    ['samples that are a number', field(1, number(2, 5n))],
    ['a value that is a number', field(1, field(2, number(1, 5n)))],
    [
      'a sample that reaches into its neighbour',
      Buffer.concat([field(1, Buffer.from([0x12, 0x09, 0x09, 0, 0])), Buffer.alloc(20)]),
    ],
  ])('refuses %s', (_, bytes) => {
    expect(() => new WriteRequest().decode(bytes)).toThrow(ProtobufError);
  });
});
