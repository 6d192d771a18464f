/** What this room needs of the network: one verb, implemented by the receive room's transport. */

export type PostResult =
  | { readonly accepted: true }
  | {
      readonly accepted: false;
      /** A refusal code of shared/protocol/refusals.ts, or 'http-<status>' for a foreign answer. */
      readonly code: string;
      readonly retryAfterMs: number | null;
    };

export interface Sender {
  /**
   * POST of one report; with `keepalive` it outlives the page. A refusal by name is a result; no
   * answer at all throws NetworkError.
   */
  report(body: Uint8Array, keepalive: boolean): Promise<PostResult>;
}
