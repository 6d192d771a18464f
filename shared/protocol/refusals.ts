/** Every reason for which the aggregator refuses: one closed union, served as RFC 9457 problems. */

export const REFUSALS = {
  'bad-length': { status: 400, title: 'The body has not the exact length that the task declares.' },
  'bad-magic': { status: 400, title: 'The body is not a Vitrine report.' },
  'bad-version': {
    status: 400,
    title: 'The report has a wire version that this server does not speak.',
  },
  'bad-reserved': { status: 400, title: 'Reserved bytes of the report are not zero.' },
  'bad-type': { status: 415, title: 'The content type is not application/vnd.vitrine.report.' },
  'too-large': { status: 413, title: 'The body is larger than any open task allows.' },
  'incomplete-body': { status: 400, title: 'The body ended before its declared length.' },
  'wrong-tier': { status: 400, title: 'The report names another tier than its task.' },
  'value-out-of-range': { status: 400, title: 'A coordinate is outside the bound of the task.' },
  'unknown-task': { status: 404, title: 'The task is not known here.' },
  'unknown-round': { status: 404, title: 'The round is not a round of this task.' },
  'round-closed': { status: 409, title: 'The round takes no more reports.' },
  'round-full': { status: 409, title: 'The round holds as many reports as it may.' },
  'report-conflict': { status: 409, title: 'The same report id came with other bytes.' },
  'token-required': { status: 401, title: 'The round takes reports with a blind token alone.' },
  'bad-token': { status: 403, title: 'The blind token is not one of this round, or was used.' },
  'bad-peer': { status: 401, title: 'The message is not signed by the other server of the task.' },
  'bad-message': {
    status: 400,
    title: 'The message between the servers does not have its declared form.',
  },
  'foreign-task': { status: 403, title: 'The task is not one that this helper has signed.' },
  'foreign-model': { status: 403, title: 'The base model of the round is not in the log.' },
  'key-expired': { status: 403, title: 'The key to which the seeds are sealed has expired.' },
  'key-revoked': { status: 403, title: 'A key of the task is revoked by the site.' },
  'not-prepared': { status: 409, title: 'This batch is not prepared; prepare it again.' },
  'batch-mismatch': { status: 409, title: 'The batch is not the one that was prepared.' },
  'batch-conflict': { status: 409, title: 'The batch holds a report that is already spent.' },
  'batch-too-small': { status: 409, title: 'The batch holds fewer reports than the task demands.' },
  'batch-too-large': { status: 409, title: 'The batch holds more reports than the task allows.' },
  'round-opened': { status: 409, title: 'The round was opened with another batch.' },
  'log-unavailable': { status: 503, title: 'The log cannot be read.' },
  'log-inconsistent': { status: 409, title: 'The log is no extension of the one last cosigned.' },
  'rate-limited': { status: 429, title: 'Too many requests.' },
  'no-slots': { status: 503, title: 'The server is busy; try again.' },
  'not-ready': { status: 503, title: 'The server is starting, stopping, or cannot write.' },
  'not-found': { status: 404, title: 'There is nothing at this address.' },
  'method-not-allowed': { status: 405, title: 'The address does not take this method.' },
  'query-not-allowed': { status: 400, title: 'Requests carry no query.' },
} as const satisfies Record<string, { status: number; title: string }>;

export type RefusalCode = keyof typeof REFUSALS;

/** What the operator's own routes refuse besides; browsers meet none of these. */
export const OPERATOR_REFUSALS = {
  unauthorised: { status: 401, title: 'The request does not carry the operator’s token.' },
  'unknown-site': { status: 404, title: 'There is no such site, or it could not start.' },
  'unknown-task': { status: 404, title: 'The site has no task of this name.' },
  'unknown-version': { status: 404, title: 'There is no such version to go back to.' },
  already: { status: 409, title: 'It is so already.' },
  'nothing-open': { status: 409, title: 'No round is open that could be abandoned.' },
  'not-trained': { status: 409, title: 'The task publishes no versions of a model.' },
  'not-admitted': { status: 409, title: 'The version was not admitted by its gate.' },
  'no-metrics': { status: 501, title: 'Metrics need prom-client: npm install prom-client.' },
} as const satisfies Record<string, { status: number; title: string }>;

export type OperatorRefusalCode = keyof typeof OPERATOR_REFUSALS;

/** A refusal by name. `detail` says what was found and expected; it never quotes a report's body. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly detail: string;

  constructor(code: RefusalCode, detail = '') {
    super(detail === '' ? code : `${code}: ${detail}`);
    this.name = 'Refusal';
    this.code = code;
    this.detail = detail;
  }
}

/** RFC 9457 problem document of a refusal. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: RefusalCode;
  readonly detail?: string;
}

export function problemOf(refusal: Refusal): Problem {
  const { status, title } = REFUSALS[refusal.code];
  const base = { type: `urn:vitrine:refusal:${refusal.code}`, title, status, code: refusal.code };
  return refusal.detail === '' ? base : { ...base, detail: refusal.detail };
}
