import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { selfSigned } from './certificate.ts';

describe('local certificate', () => {
  const { cert, key } = selfSigned(['localhost', '127.0.0.1', '192.168.7.9'], Date.now());

  it('is a certificate of its own key for the names that were asked for', () => {
    const parsed = new X509Certificate(cert);
    expect(parsed.verify(parsed.publicKey)).toBe(true);
    expect(parsed.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(parsed.checkHost('localhost')).toBe('localhost');
    expect(parsed.checkIP('192.168.7.9')).toBe('192.168.7.9');
    expect(parsed.checkIP('192.168.7.10')).toBeUndefined();
    expect(parsed.ca).toBe(false);
    expect(Date.parse(parsed.validTo)).toBeGreaterThan(Date.now() + 89 * 86_400_000);
  });

  it('serves TLS to a client that trusts it, and not to one that does not', async () => {
    const server = createServer({ cert, key }, (_, response) => response.end('here'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const fetched = (ca: string[]): Promise<string> =>
      new Promise((resolve, reject) => {
        get({ host: 'localhost', port, ca, agent: false }, (response) => {
          response.setEncoding('utf8').on('data', resolve);
        }).on('error', reject);
      });
    await expect(fetched([cert])).resolves.toBe('here');
    await expect(fetched([selfSigned(['localhost'], Date.now()).cert])).rejects.toThrow();
    server.close();
    server.closeAllConnections();
  });

  it('refuses to be made for nobody', () => {
    expect(() => selfSigned([], 0)).toThrow(RangeError);
  });
});
