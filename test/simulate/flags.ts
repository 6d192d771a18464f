/** Flags of `npm start`. */
import { parseArgs } from 'node:util';

export const START_HELP = `npm start -- [flags]
  --shop-port P        port of the demo shop, default 5173
  --aggregator-port P  port of the aggregator, default 8787
  --helper-port P      port of the second server, the helper, default 8788
  --https              serve the shop and the aggregator over https under one origin, with a
                       certificate made here, and to other machines of this network: for a phone,
                       whose browser has no WebCrypto, WebGPU or Web Locks on plain http
  --shoppers N         simulated shoppers present at a time, default 300
  --no-population      no simulated shoppers
  --data DIR           where keys, models and the journal lie, default .vitrine
  --audit              adds a task that no browser reports to, for the audit's own reports:
                       npx vitrine audit … --known-input --canary
  --fresh              begin with new keys and no models: empties that folder first
  --help               this text`;

export interface StartFlags {
  readonly shopPort: number;
  readonly aggregatorPort: number;
  readonly helperPort: number;
  readonly https: boolean;
  /** 0: no population. */
  readonly shoppers: number;
  readonly data: string;
  /** Adds a task for the auditor's own reports. */
  readonly audit: boolean;
  readonly fresh: boolean;
  readonly help: boolean;
}

/** A flag that cannot be used as it was given; the message names it. */
export class FlagError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FlagError';
  }
}

function integer(flag: string, value: string, min: number, max: number): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < min || number > max) {
    throw new FlagError(`${flag} ${value}: expected a whole number from ${min} to ${max}`);
  }
  return number;
}

/** @throws FlagError for an unknown flag or a value out of range. */
export function readStartFlags(argv: readonly string[]): StartFlags {
  let values: ReturnType<typeof parse>['values'];
  try {
    values = parse(argv).values;
  } catch (error) {
    throw new FlagError((error as Error).message);
  }
  const shopPort = integer('--shop-port', values['shop-port'], 1, 65_535);
  const aggregatorPort = integer('--aggregator-port', values['aggregator-port'], 1, 65_535);
  const helperPort = integer('--helper-port', values['helper-port'], 1, 65_535);
  const ports = { '--shop-port': shopPort, '--aggregator-port': aggregatorPort };
  for (const [flag, port] of Object.entries(ports)) {
    if (port === helperPort) throw new FlagError(`${flag} and --helper-port are both ${port}`);
  }
  if (shopPort === aggregatorPort) {
    throw new FlagError(`--shop-port and --aggregator-port are both ${shopPort}`);
  }
  const shoppers = integer('--shoppers', values.shoppers, 0, 20_000);
  return {
    shopPort,
    aggregatorPort,
    helperPort,
    https: values.https,
    shoppers: values['no-population'] ? 0 : shoppers,
    data: values.data,
    audit: values.audit,
    fresh: values.fresh,
    help: values.help,
  };
}

function parse(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    options: {
      'shop-port': { type: 'string', default: '5173' },
      'aggregator-port': { type: 'string', default: '8787' },
      'helper-port': { type: 'string', default: '8788' },
      https: { type: 'boolean', default: false },
      shoppers: { type: 'string', default: '300' },
      'no-population': { type: 'boolean', default: false },
      data: { type: 'string', default: '.vitrine' },
      audit: { type: 'boolean', default: false },
      fresh: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
}
