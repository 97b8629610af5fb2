import { compressSync } from 'snappy';
import { encodeWriteRequest } from '../../collector/receive/encode-write-request.ts';
import type { WrittenSeries } from './dataset.ts';

/** The NaN that remote write takes for a stale marker. */
const STALE = 0x7ff0000000000002n;
const SERIES_PER_REQUEST = 20;

/** Sends the series by remote write 1.0, in their order. Throws with the server's words when anything is refused. */
export async function writeDataset(url: string, series: readonly WrittenSeries[]): Promise<void> {
  for (let from = 0; from < series.length; from += SERIES_PER_REQUEST) {
    const request = series.slice(from, from + SERIES_PER_REQUEST).map(({ labels, samples }) => ({
      labels: [...labels],
      samples: samples.map(({ timestamp, value, stale }) => ({ timestamp, value: stale ? STALE : value })),
    }));
    const response = await fetch(`${url}/api/v1/write`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-protobuf',
        'content-encoding': 'snappy',
        'x-prometheus-remote-write-version': '0.1.0',
      },
      body: new Uint8Array(compressSync(encodeWriteRequest({ series: request }))),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    if (response.status !== 204) throw new Error(`${url} refused a remote write with HTTP ${response.status}: ${text}`);
  }
}
