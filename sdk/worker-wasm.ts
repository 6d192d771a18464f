/** Worker entry of `worker-wasm.js`: WebAssembly, and plain JavaScript where that fails. */
import { cpu } from './learn/cpu.ts';
import { wasm } from './learn/wasm.ts';
import { serve } from './worker.ts';

serve([wasm, cpu]);
