/**
 * Bench `profile`: milliseconds from an event to `profile()`, `segments()` and `recommend()` that
 * know of it, in headless Chromium, for 10,000 goods, four published heads, the default segments
 * and histories of 50, 1,000 and 100,000 stored events. `medianMs`, `p95Ms` and `longestTaskMs` are
 * those of the slowest history; the gate is 100 ms. `firstMs` is the page's first answer, for which
 * the whole history is read once, in slices.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build as bundle } from 'vite';
import { classicScript } from '../../vite.config.ts';
import { launchChromium, serveStatic } from '../browser/launch.ts';
import type { BenchOptions, BenchResults } from './contract.ts';
import type { ProfilePage, ProfileTimes } from './profile-page.ts';
import { syntheticCatalogue } from './synthetic.ts';

declare const profiling: ProfilePage;

const GATE_MS = 100;

export async function run({ quick }: BenchOptions): Promise<BenchResults> {
  const items = quick ? 500 : 10_000;
  const calls = quick ? 5 : 100;
  const folder = mkdtempSync(join(tmpdir(), 'vitrine-profile-'));
  const closing: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  try {
    const page = classicScript('test/bench/profile-page.ts', 'page.js');
    await bundle({ ...page, build: { ...page.build, outDir: folder } });
    const { bytes } = await syntheticCatalogue({ items });
    writeFileSync(join(folder, 'catalogue.bin'), bytes);
    const html = '<!doctype html><title>profile</title><script src="/page.js"></script>';
    const server = await serveStatic([folder], { texts: { '/': html } });
    closing.unshift(() => server.close());
    const chromium = await launchChromium();
    closing.unshift(() => chromium.close());
    const measured: Record<string, ReturnType<typeof figures>> = {};
    for (const history of quick ? [50] : [50, 1000, 100_000]) {
      const context = await chromium.browser.newContext();
      const tab = await context.newPage();
      await tab.goto(server.url);
      const times = await tab.evaluate(([h, c]) => profiling.run(h, c), [history, calls] as const);
      measured[`events${history}`] = figures(times);
      await context.close();
    }
    const worst = (name: 'medianMs' | 'p95Ms' | 'longestTaskMs'): number =>
      Math.max(...Object.values(measured).map((one) => one[name]));
    const p95Ms = worst('p95Ms');
    return {
      ...{ items, calls, gateMs: GATE_MS, withinGate: p95Ms <= GATE_MS },
      ...{ medianMs: worst('medianMs'), p95Ms, longestTaskMs: worst('longestTaskMs') },
      ...measured,
    };
  } finally {
    for (const close of closing) await close();
  }
}

function figures({ firstMs, firstLongestMs, eventMs, longestMs }: ProfileTimes): {
  readonly [name in
    | 'medianMs'
    | 'p95Ms'
    | 'longestTaskMs'
    | 'firstMs'
    | 'firstLongestTaskMs']: number;
} {
  const sorted = [...eventMs].sort((a, b) => a - b);
  const quantile = (q: number): number => sorted[Math.floor(q * (sorted.length - 1))] as number;
  return {
    medianMs: quantile(0.5),
    p95Ms: quantile(0.95),
    longestTaskMs: longestMs,
    firstMs,
    firstLongestTaskMs: firstLongestMs,
  };
}
