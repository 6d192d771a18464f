/**
 * A self-signed certificate for the demo's own names, made without any tool: X.509 v3 (RFC 5280)
 * in DER (X.690), ECDSA P-256 with SHA-256 (RFC 5758). For a local demo, never for a real shop.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

export interface Certificate {
  /** PEM. */
  readonly cert: string;
  /** PKCS #8 PEM. */
  readonly key: string;
}

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_ID = 0x06;
const UTF8_STRING = 0x0c;
const GENERALIZED_TIME = 0x18;
const BOOLEAN = 0x01;

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
} as const;

function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts);
  if (body.length < 128) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length: number[] = [];
  for (let left = body.length; left > 0; left >>>= 8) length.unshift(left & 0xff);
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length, ...length]), body]);
}

function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = rest.flatMap((arc) => {
    const septets = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) septets.unshift(0x80 | (left & 0x7f));
    return septets;
  });
  return der(OBJECT_ID, Buffer.from([40 * first + second, ...bytes]));
}

const time = (ms: number): Uint8Array =>
  der(
    GENERALIZED_TIME,
    Buffer.from(`${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`),
  );

const bits = (bytes: Uint8Array): Uint8Array => der(BIT_STRING, Buffer.from([0]), bytes);

function alternativeName(host: string): Uint8Array {
  // GeneralName (RFC 5280 §4.2.1.6): [2] dNSName, [7] iPAddress.
  if (isIPv4(host)) return der(0x87, Buffer.from(host.split('.').map(Number)));
  return der(0x82, Buffer.from(host, 'ascii'));
}

function extension(id: string, value: Uint8Array, critical = false): Uint8Array {
  const mark = critical ? [der(BOOLEAN, Buffer.from([0xff]))] : [];
  return der(SEQUENCE, oid(id), ...mark, der(OCTET_STRING, value));
}

/**
 * @param hosts DNS names and IPv4 addresses; the first is the common name.
 * @param nowMs beginning of its validity; it ends 90 days later.
 */
export function selfSigned(hosts: readonly string[], nowMs: number): Certificate {
  const [name] = hosts;
  if (name === undefined) throw new RangeError('hosts: empty');
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(SEQUENCE, oid(OID.ecdsaWithSha256));
  const subject = der(
    SEQUENCE,
    der(SET, der(SEQUENCE, oid(OID.commonName), der(UTF8_STRING, Buffer.from(name)))),
  );
  const serial = randomBytes(16);
  serial[0] = ((serial[0] as number) & 0x3f) | 0x40;
  const extensions = der(
    SEQUENCE,
    extension(OID.basicConstraints, der(SEQUENCE), true),
    extension(OID.extendedKeyUsage, der(SEQUENCE, oid(OID.serverAuth))),
    extension(OID.subjectAltName, der(SEQUENCE, ...hosts.map(alternativeName))),
  );
  const body = der(
    SEQUENCE,
    der(0xa0, der(INTEGER, Buffer.from([2]))),
    der(INTEGER, serial),
    algorithm,
    subject,
    der(SEQUENCE, time(nowMs - 3_600_000), time(nowMs + 90 * 86_400_000)),
    subject,
    pair.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  );
  const whole = der(SEQUENCE, body, algorithm, bits(sign('sha256', body, pair.privateKey)));
  const lines =
    Buffer.from(whole)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
