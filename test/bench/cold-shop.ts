/** A plain multi-page shop with the built tag, for the cold-start bench. */
import { buildCatalogue } from '../../aggregator/catalogue/build.ts';
import { hashedNgrams } from '../../aggregator/catalogue/embedder.ts';
import { type Launched, launchChromium } from '../browser/launch.ts';
import { type ShopFixture, startShop, testDrafts } from '../browser/shop.ts';

export interface ColdPage {
  readonly shop: ShopFixture;
  readonly browser: Launched;
  /** Navigates to the second page with the aggregator out of reach; ms to the filled shelf. */
  second(): Promise<number>;
  /** Requests that reached the aggregator after the network was cut; the bench shows 0. */
  requests(): number;
}

const COLOURS = ['red', 'blue', 'green', 'black', 'white', 'grey', 'amber', 'olive'];
const MATERIALS = ['oak', 'linen', 'steel', 'clay', 'glass', 'wool', 'cork', 'brass', 'paper'];
const THINGS = ['lamp', 'mug', 'chair', 'bag', 'kettle', 'towel', 'tray', 'vase', 'brush', 'tent'];

function items(count: number): { id: string; title: string; description: string }[] {
  return Array.from({ length: count }, (_, i) => {
    const colour = COLOURS[i % COLOURS.length];
    const material = MATERIALS[Math.floor(i / 3) % MATERIALS.length];
    const thing = THINGS[Math.floor(i / 7) % THINGS.length];
    const title = `${colour} ${material} ${thing} no ${i % 97}`;
    const description = `A ${thing} of ${material} in ${colour}, made for ${MATERIALS[i % 9]} rooms.`;
    return { id: `item-${i}`, title, description, brand: `brand-${i % 60}`, category: thing };
  });
}

/** Three looks at goods on the first page; the second asks for twelve. */
function pages(trust: string): Record<string, string> {
  const tag = `<script async src="/vitrine/vitrine.js" data-site="demo-shop" data-endpoint="/"
    data-trust="${trust}" data-assets="/vitrine/"></script>`;
  return {
    '/first': `<!doctype html><title>first</title>${tag}`,
    '/second': `<!doctype html><title>second</title><div id="shelf"></div>${tag}
      <script>
        (function ask() {
          if (!window.vitrine || !window.vitrine.recommend) return setTimeout(ask, 1);
          window.vitrine.recommend({ limit: 12 }).then(function (result) {
            document.getElementById('shelf').textContent =
              result.items.map(function (item) { return item.id; }).join(' ');
            window.filled = { ms: performance.now(), source: result.source, n: result.items.length };
          });
        })();
      </script>`,
  };
}

export async function coldShop(count: number): Promise<ColdPage> {
  const texts: Record<string, string> = {};
  const catalogue = await buildCatalogue(items(count), { embedder: hashedNgrams(256) });
  const shop = await startShop({ drafts: testDrafts(), catalogue, texts });
  Object.assign(texts, pages(shop.trust));
  const browser = await launchChromium();
  const context = await browser.browser.newContext();
  const page = await context.newPage();
  await page.goto(`${shop.url}/first`);
  await page.waitForFunction('window.vitrine && window.vitrine.consent');
  const known = await page.evaluate(async () => {
    const { vitrine } = window as unknown as { vitrine: import('../../sdk/index.ts').Vitrine };
    await vitrine.consent.set({ personalise: true, contribute: false });
    for (const id of ['item-3', 'item-40', 'item-111']) {
      vitrine.track('view_item', { items: [{ item_id: id }] });
    }
    for (let i = 0; i < 300; i++) {
      if ((await vitrine.status()).catalogue !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const { items: shown } = await vitrine.recommend({ limit: 12 });
    return shown.length;
  });
  if (known !== 12) throw new Error(`the first page was given ${known} items, not 12`);
  await page.route('**/v1/**', (route) => route.abort());
  const after = shop.seen.length;
  return {
    shop,
    browser,
    requests: () => shop.seen.length - after,
    async second() {
      await page.goto(`${shop.url}/second`);
      await page.waitForFunction('window.filled');
      const filled = (await page.evaluate('window.filled')) as {
        ms: number;
        source: string;
        n: number;
      };
      if (filled.source !== 'content' || filled.n !== 12) {
        throw new Error(`the second page was given ${filled.n} items from ${filled.source}`);
      }
      return filled.ms;
    },
  };
}

export async function afterCold({ browser, shop }: ColdPage): Promise<void> {
  await browser.close();
  await shop.close();
}
