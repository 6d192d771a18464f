/** What the receive room refuses, by the reason that status() shows. */
import { LogError } from '../../shared/protocol/checkpoint.ts';
import { ShapeError } from '../../shared/protocol/shape.ts';
import { NoCryptoError, SignatureError } from '../../shared/protocol/signature.ts';
import { DatabaseError } from '../database/database.ts';
import type { SkipReason } from '../post/outcome.ts';
import { NetworkError } from './transport.ts';

export class ReceiveError extends Error {
  readonly code: SkipReason;
  readonly detail: string;

  constructor(code: SkipReason, detail: string, cause?: unknown) {
    super(detail === '' ? code : `${code}: ${detail}`, { cause });
    this.name = 'ReceiveError';
    this.code = code;
    this.detail = detail;
  }
}

/** The same failure by a name of this room's. */
export function receiveError(error: unknown): ReceiveError {
  if (error instanceof ReceiveError) return error;
  const message = error instanceof Error ? error.message : 'failed';
  if (error instanceof NetworkError) {
    const code = error.state === 'offline' ? 'offline' : 'server';
    return new ReceiveError(code, message, error);
  }
  if (error instanceof SignatureError) return new ReceiveError('bad-signature', message, error);
  if (error instanceof NoCryptoError) return new ReceiveError('no-crypto', message, error);
  if (error instanceof LogError) {
    return new ReceiveError(error.code === 'log-fork' ? 'log-fork' : 'not-in-log', message, error);
  }
  if (error instanceof ShapeError) return new ReceiveError('bad-record', message, error);
  if (error instanceof DatabaseError) return new ReceiveError('storage', message, error);
  return new ReceiveError('bad-record', message, error);
}

/** Why what was asked was refused, or null when it was not. */
export async function reasonOf(
  asked: Promise<unknown>,
): Promise<{ readonly reason: SkipReason; readonly detail: string } | null> {
  try {
    await asked;
    return null;
  } catch (error) {
    const { code, detail } = receiveError(error);
    return { reason: code, detail };
  }
}
