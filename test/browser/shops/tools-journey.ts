/** A shopper at the shop of which the tag, engine and learner come from another origin. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DIST } from '../../build.ts';
import { type Stage, visit } from './shopper.ts';

export function toolsJourney(stage: () => Stage): void {
  it('a CDN on another origin, pinned by SRI, and microdata alone', async () => {
    await visit('tools', stage(), async (shopper) => {
      const { page } = shopper;
      await shopper.open('/tool/42001');
      await page.waitForLoadState('networkidle');
      await shopper.untouched();
      await shopper.consents('#mine');
      await shopper.open('/tool/41001');
      await shopper.kept('view_item 41001');
      await shopper.search('hammer');
      await shopper.kept('search hammer');
      await shopper.follow('a[href="/tool/41002"]');
      await shopper.kept('view_item 41002');
      await shopper.follow('#add');
      await shopper.kept('add_to_cart 41002');
      await shopper.follow('#buy');
      await shopper.kept('purchase 41002');
      const history = await shopper.history();
      // The page on which consent was given is told of, or not: both are right, twice is not.
      expect(history.filter((one) => one !== 'view_item 42001')).toEqual([
        'view_item 41001',
        'search hammer',
        'view_item 41002',
        'add_to_cart 41002',
        'purchase 41002',
      ]);
      const { ids } = await shopper.recommended({ limit: 2 });
      expect(ids[0]).toMatch(/^41/);
      expect(ids).not.toContain('41002');
      await shopper.reportLeaves();
      await shopper.leavesNoTrace();
      const fetched = shopper.ofCdn();
      expect(fetched.map(({ path }) => path)).toContain('/tools/0.1.0/vitrine.js');
      expect(fetched.some(({ path }) => path.endsWith('/worker-wasm.js'))).toBe(true);
      for (const { path, headers } of fetched) {
        expect(path).toMatch(/^\/tools\/0\.1\.0\/[\w.-]+$/);
        expect(headers.cookie, path).toBeUndefined();
        expect(headers.referer, path).toBeUndefined();
      }
    });
  });

  it('a file of the CDN that is not the one that was pinned is not run', async () => {
    await visit('tools', stage(), async (shopper) => {
      const { problems } = shopper;
      const script = await readFile(join(DIST, 'worker-wasm.js'), 'utf8');
      await shopper.context.route('**/0.1.0/worker-*.js', (route) =>
        route.fulfill({
          headers: { 'content-type': 'text/javascript', 'access-control-allow-origin': '*' },
          body: `self.stolen = 1;${script}`,
        }),
      );
      await shopper.open('/tool/42001');
      await shopper.consents('#mine');
      await shopper.kept('view_item 42001');
      await shopper.withoutWorker();
      expect((await shopper.recommended({ limit: 2 })).ids.length).toBe(2);
      expect(shopper.reports()).toEqual([]);
      expect(problems.splice(0).filter((one) => !/integrity|digest/i.test(one))).toEqual([]);
    });
  });
}
