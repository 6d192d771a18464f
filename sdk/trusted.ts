/** The Trusted Types policy `vitrine`: every address of a script passes through it. */

interface ScriptPolicy {
  createScriptURL(url: string): unknown;
}

let policy: ScriptPolicy | null | undefined;

/** A `trusted-types` directive allows a name once in each global, so the policy is made once. */
export function trusted(url: string): string {
  if (policy === undefined) {
    const { trustedTypes } = globalThis as {
      trustedTypes?: { createPolicy(name: string, rules: ScriptPolicy): ScriptPolicy };
    };
    try {
      policy = trustedTypes?.createPolicy('vitrine', { createScriptURL: (own) => own }) ?? null;
    } catch {
      policy = null;
    }
  }
  return (policy?.createScriptURL(url) ?? url) as string;
}
