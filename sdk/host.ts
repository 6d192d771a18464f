/** Starting Workers in a page, and in a Worker that starts others. Globals inside functions only. */
import type { LadderHost } from './ladder.ts';
import { trusted } from './trusted.ts';

export function after(ms: number, run: () => void): () => void {
  const id = setTimeout(run, ms);
  return () => clearTimeout(id);
}

export function ladderHost(): LadderHost {
  return {
    get origin() {
      return globalThis.origin;
    },
    create: (url) => new Worker(trusted(url), { name: 'vitrine' }),
    async fetchScript(url, integrity) {
      const answer = await fetch(url, {
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
        redirect: 'error',
        ...(integrity !== undefined && { integrity }),
      });
      if (!answer.ok) throw new Error(`${url}: HTTP ${answer.status}`);
      return answer.text();
    },
    scriptUrl(text) {
      const url = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
      return { url, revoke: () => URL.revokeObjectURL(url) };
    },
    watchPolicy,
    after,
  };
}

/** The two events come in any order with the failure that they explain. */
const LATE_MS = 50;

/** Listens to what policies refuse; the result ends it and says what they would have to allow. */
export function watchPolicy(): () => Promise<string> {
  const missing = new Set<string>();
  const hear = (event: Event): void => {
    missing.add(missingOf(event as SecurityPolicyViolationEvent));
  };
  addEventListener('securitypolicyviolation', hear);
  return async () => {
    await new Promise((resolve) => setTimeout(resolve, LATE_MS));
    removeEventListener('securitypolicyviolation', hear);
    return missing.size === 0 ? '' : `the page's policy lacks ${[...missing].join('; ')}`;
  };
}

/** What a Content-Security-Policy would have to allow: `worker-src blob:`. */
function missingOf({ effectiveDirective, blockedURI }: SecurityPolicyViolationEvent): string {
  if (/trusted-types/.test(effectiveDirective)) return 'trusted-types vitrine';
  const directive = effectiveDirective.replace(/-(elem|attr)$/, '');
  if (blockedURI === 'wasm-eval') return `${directive} 'wasm-unsafe-eval'`;
  if (!blockedURI.includes(':')) return `${directive} ${blockedURI}:`;
  const { origin } = new URL(blockedURI);
  return `${directive} ${origin === globalThis.origin ? "'self'" : origin}`;
}
