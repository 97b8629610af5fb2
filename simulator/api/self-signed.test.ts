import { X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import { describe, expect, it } from 'vitest';
import { startServer } from './api-client.case.ts';
import { kubeconfigOf } from './kubeconfig.ts';
import { selfSigned } from './self-signed.ts';

describe('self-signed certificate', () => {
  it('is one that clients accept when they trust it', async () => {
    const tls = selfSigned(['127.0.0.1', 'api.example']);
    const certificate = new X509Certificate(tls.cert);
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.checkHost('api.example')).toBe('api.example');
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    const { server } = await startServer({ tls });
    const status = (ca: string | undefined) =>
      new Promise((resolve, reject) => {
        const options = ca === undefined ? {} : { ca };
        request(`${server.url}/healthz`, { ...options, agent: false }, (response) =>
          resolve(response.resume().statusCode),
        )
          .on('error', reject)
          .end();
      });
    expect(await status(server.ca)).toBe(200);
    await expect(status(undefined)).rejects.toThrow(/self-signed/);
    expect(kubeconfigOf(server, 't')).toContain(
      `certificate-authority-data: ${Buffer.from(tls.cert).toString('base64')}`,
    );
  });
});
