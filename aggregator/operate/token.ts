/** The operator's token: compared by its SHA-256 in constant time, never written anywhere. */
import { createHash, timingSafeEqual } from 'node:crypto';

/** 32 random bytes are 43 characters of base64url or 64 hex digits. */
const MIN_TOKEN_BYTES = 32;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** @throws RangeError for a token that is too short or that no header can carry. */
function assertToken(name: string, token: string): void {
  if (!/^[\x21-\x7e]+$/.test(token) || Buffer.byteLength(token) < MIN_TOKEN_BYTES) {
    throw new RangeError(
      `${name} must hold at least ${MIN_TOKEN_BYTES} printable ASCII characters without spaces`,
    );
  }
}

/** @returns what tells whether a request's Authorization header carries this token. */
export function tokenCheck(token: string): (authorization: string | undefined) => boolean {
  assertToken('token', token);
  const expected = digest(token);
  return (authorization) => {
    const presented = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization ?? '')?.[1] ?? '';
    return timingSafeEqual(digest(presented), expected);
  };
}

/**
 * The token of a file, or that of VITRINE_ADMIN_TOKEN; null without either.
 * @throws TypeError for two of them, RangeError for one that is too short; its text is in no message.
 */
export function adminTokenOf(
  file: string | null,
  env: Readonly<Record<string, string | undefined>>,
  readText: (path: string) => string,
): string | null {
  const direct = env.VITRINE_ADMIN_TOKEN;
  if (direct !== undefined && file !== null) {
    throw new TypeError('VITRINE_ADMIN_TOKEN and adminTokenFile are two tokens; give one');
  }
  if (direct === undefined && file === null) return null;
  const said = direct === undefined ? `adminTokenFile ${file}` : 'VITRINE_ADMIN_TOKEN';
  const token = direct ?? readText(file as string).replace(/\r?\n$/, '');
  assertToken(said, token);
  return token;
}
