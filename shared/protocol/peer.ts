/**
 * Mutual authentication of the two servers (SPEC.md, S rules): Ed25519 over every request by the
 * aggregator and over every answer by the helper. A request replayed by the network gets the same
 * answer again, so no clock and no nonce is needed; secrecy is TLS's.
 */
import { assertBytes, assertInteger, assertString } from '../assert/assert.ts';
import { toBase64url } from '../bytes/base64url.ts';
import { concatBytes } from '../bytes/concat.ts';
import { sha256, sha256Hex } from '../bytes/hash.ts';
import { utf8 } from '../bytes/utf8.ts';
import { Refusal } from './refusals.ts';
import { type Signer, verifyBytes } from './signature.ts';

/** Header of requests and answers: 64 bytes, base64url. */
export const PEER_SIGNATURE_HEADER = 'vitrine-signature';

/** What a signature covers of a request. */
export interface PeerRequest {
  /** Upper case. */
  readonly method: string;
  /** Of the URL, from its first slash. */
  readonly path: string;
  readonly body: Uint8Array;
}

type PeerHeaders = { readonly [PEER_SIGNATURE_HEADER]: string };

async function requestBytes({ method, path, body }: PeerRequest): Promise<Uint8Array> {
  assertString('method', method);
  assertString('path', path);
  assertBytes('body', body);
  return utf8(`vitrine/peer/v1\n${method}\n${path}\n${await sha256Hex(body)}`);
}

async function replyBytes(
  request: PeerRequest,
  status: number,
  body: Uint8Array,
): Promise<Uint8Array> {
  assertInteger('status', status, 100, 599);
  return concatBytes(
    utf8('vitrine/peer-reply/v1\n'),
    await sha256(await requestBytes(request)),
    utf8(`\n${status}\n${await sha256Hex(body)}`),
  );
}

/** Headers to send with a request; `signer` holds the task's `aggregatorKey`. */
export async function signRequest(
  signer: Signer,
  method: string,
  path: string,
  body: Uint8Array,
): Promise<PeerHeaders> {
  const bytes = await requestBytes({ method, path, body });
  return { [PEER_SIGNATURE_HEADER]: toBase64url(signer.sign(bytes)) };
}

/**
 * @param publicKey the task's `aggregatorKey`, base64url.
 * @param signature value of the header, null where there is none.
 * @throws Refusal bad-peer unless `publicKey` signed this request.
 */
export async function verifyRequest(
  publicKey: string,
  request: PeerRequest,
  signature: string | null,
): Promise<void> {
  await verify(publicKey, await requestBytes(request), signature, 'request');
}

/** Headers to send with the answer to `request`; `signer` holds the helper's identity key. */
export async function signReply(
  signer: Signer,
  request: PeerRequest,
  status: number,
  body: Uint8Array,
): Promise<PeerHeaders> {
  const bytes = await replyBytes(request, status, body);
  return { [PEER_SIGNATURE_HEADER]: toBase64url(signer.sign(bytes)) };
}

/**
 * @param publicKey the helper's identity key, base64url.
 * @param signature value of the header, null where there is none.
 * @throws Refusal bad-peer unless `publicKey` signed this answer to this request.
 */
export async function verifyReply(
  publicKey: string,
  request: PeerRequest,
  status: number,
  body: Uint8Array,
  signature: string | null,
): Promise<void> {
  await verify(publicKey, await replyBytes(request, status, body), signature, 'answer');
}

async function verify(
  publicKey: string,
  bytes: Uint8Array,
  signature: string | null,
  what: string,
): Promise<void> {
  if (signature === null) throw new Refusal('bad-peer', `the ${what} is not signed`);
  if (signature.length !== 86 || !(await verifyBytes(bytes, signature, publicKey))) {
    throw new Refusal('bad-peer', `the ${what} is not signed by the expected key`);
  }
}
