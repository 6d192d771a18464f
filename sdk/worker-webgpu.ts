/** Worker entry of `worker-webgpu.js`: fetched where a page has found a hardware adapter. */
import { webgpu } from './learn/webgpu.ts';
import { serve } from './worker.ts';

serve([webgpu]);
