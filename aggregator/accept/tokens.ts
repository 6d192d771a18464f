/**
 * Place for one-per-round blind tokens, switched off (shared/protocol/SPEC.md, H10): what makes and
 * verifies them is not part of this version, and is given.
 */
import { Refusal } from '../../shared/protocol/refusals.ts';

/** Header of a report's POST. */
export const TOKEN_HEADER = 'vitrine-token';

export type TokenMode = 'off' | 'required';

/** Longest token that is handed to a verifier, characters. */
const MAX_TOKEN = 4096;

/** What a token must be good for. */
export interface TokenUse {
  /** Latin1 strings of 32, 32 and 16 bytes. */
  readonly taskHash: string;
  readonly roundHash: string;
  readonly reportId: string;
}

/**
 * Resolves to whether a token is of the round and was spent for no other report. For the same
 * report it answers the same again, so that a repeated report gets its acknowledgement.
 */
export type VerifyToken = (token: string, use: TokenUse) => Promise<boolean>;

/**
 * Checks the token of a report where tokens are required.
 * @param verify null where there is none: every report is refused then.
 * @throws Refusal token-required or bad-token.
 */
export async function checkToken(
  verify: VerifyToken | null,
  token: string | null,
  use: TokenUse,
): Promise<void> {
  if (verify === null || token === null) throw new Refusal('token-required');
  const good = token.length <= MAX_TOKEN && (await verify(token, use));
  if (!good) throw new Refusal('bad-token');
}
