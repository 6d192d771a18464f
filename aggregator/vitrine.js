#!/usr/bin/env node
/** The `vitrine` command: from its sources in a clone, from dist/ in the published package. */
import { existsSync } from 'node:fs';

const source = new URL('./cli.ts', import.meta.url);
const built = new URL('../dist/cli.js', import.meta.url);
const inClone = existsSync(source);
if (inClone) (await import('tsx/esm/api')).register();
const { main } = await import((inClone ? source : built).href);
await main();
