/** Prometheus metrics of the second server: whether it answers, what it refuses, its pool of noise. */
import { promClient } from './metrics.ts';

export interface HelperSource {
  readonly ready: boolean;
  /** Noise drawn ahead, in vectors. */
  readonly pool: { readonly ready: number; readonly drawing: number };
  /** Refusals by code, since the start of the process. */
  readonly refused: ReadonlyMap<string, number>;
}

/** Names, kinds, labels and meanings; HELPER.md is held to them. */
export const HELPER_METRICS = {
  vitrine_helper_ready: ['gauge', [], '1 while messages are answered'],
  vitrine_helper_refused_total: ['counter', ['code'], 'messages refused, by code'],
  vitrine_helper_noise_ready: ['gauge', [], 'vectors of noise that are drawn and wait'],
  vitrine_helper_noise_drawing: ['gauge', [], 'vectors of noise that are being drawn'],
} as const satisfies Readonly<Record<string, readonly [string, readonly string[], string]>>;

/** @returns what makes the text of a scrape; null where prom-client is not installed. */
export async function loadHelperMetrics(
  load = promClient,
): Promise<((source: HelperSource) => Promise<{ text: string; type: string }>) | null> {
  const prom = await load();
  if (prom === null) return null;
  const register = new prom.Registry();
  prom.collectDefaultMetrics({ register });
  const told = (name: keyof typeof HELPER_METRICS) => {
    const [, labelNames, help] = HELPER_METRICS[name];
    return { name, help, labelNames: [...labelNames], registers: [register] };
  };
  const ready = new prom.Gauge(told('vitrine_helper_ready'));
  const drawn = new prom.Gauge(told('vitrine_helper_noise_ready'));
  const drawing = new prom.Gauge(told('vitrine_helper_noise_drawing'));
  const refused = new prom.Counter(told('vitrine_helper_refused_total'));
  return async (source) => {
    ready.set(source.ready ? 1 : 0);
    drawn.set(source.pool.ready);
    drawing.set(source.pool.drawing);
    refused.reset();
    for (const [code, count] of source.refused) refused.inc({ code }, count);
    return { text: await register.metrics(), type: register.contentType };
  };
}
