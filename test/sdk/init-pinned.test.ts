/** The npm entry: what the build has pinned by its hash runs with no other. */
import { afterEach, expect, it, vi } from 'vitest';

const made = vi.hoisted(() => vi.fn());
vi.mock('../../sdk/tag.ts', () => ({ createTag: made }));

const page = globalThis as { VITRINE_INTEGRITY?: Readonly<Record<string, string>> };

afterEach(() => {
  delete page.VITRINE_INTEGRITY;
  vi.resetModules();
  made.mockReset();
});

it.each([
  ['a build with hashes', { 'vitrine-engine.js': 'sha384-AAAA' }, true],
  ['sources without a build', undefined, false],
])('%s: pinned is %3$s', async (_what, hashes, pinned) => {
  if (hashes !== undefined) page.VITRINE_INTEGRITY = hashes;
  const { init } = await import('../../sdk/index.ts');
  const options = { endpoint: '', trust: '', assetBase: '' };
  init('shop', options);
  expect(made.mock.calls).toEqual([['shop', options, { nonce: '', pinned }]]);
});
