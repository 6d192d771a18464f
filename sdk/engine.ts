/**
 * Entry of `vitrine-engine.js`, a classic script: in a Worker it answers the thread that started
 * it; in a page, where no Worker may start, it waits under one name for the tag.
 */
import { ENGINE } from './link.ts';
import { serve } from './serve.ts';

if (typeof document === 'undefined') serve(globalThis as never);
else Object.assign(globalThis, { [ENGINE]: serve });
