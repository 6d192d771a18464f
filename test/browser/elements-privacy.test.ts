/** `<vitrine-privacy>` in Chromium, under a policy without inline styles and with Trusted Types. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { inspectReport } from '../../sdk/inspect.ts';
import { scene } from './elements/client.ts';
import { soon } from './elements/soon.ts';
import { faults, painted, type StageWindow, show, stage } from './elements/stage.ts';

stage();

const PANEL = '<vitrine-privacy></vitrine-privacy>';
/** Each pair of language, scheme and width once. */
const LOOKS = [
  ['en', 'light', 1100],
  ['en', 'dark', 390],
  ['zh-CN', 'light', 390],
  ['zh-CN', 'dark', 1100],
] as const;

const body = (page: Page) => page.getByRole('tabpanel');
const result = (page: Page) => page.locator('vitrine-privacy [part=result]');

async function opened(page: Page): Promise<Page> {
  await body(page).locator('.card').first().waitFor();
  return page;
}

describe('vitrine-privacy', () => {
  it.each(LOOKS)(
    'has nothing that axe finds, in any part: %s, %s, %i',
    async (lang, colorScheme, width) => {
      const viewport = { width, height: 900 };
      const page = await opened(await show(PANEL, { lang, colorScheme, viewport }));
      for (const name of lang === 'en'
        ? ['What stayed', 'What left', 'What came back']
        : ['留下的', '离开的', '回来的']) {
        await page.getByRole('tab', { name }).click();
        await opened(page);
        for (const one of await body(page).locator('details').all())
          await one.locator('summary').click();
        if (await page.locator('[data-look]').count())
          await body(page).getByRole('table').first().waitFor();
        expect(await faults(page)).toEqual([]);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(wide).toBeLessThanOrEqual(0);
        // Every word that is a reader's is in the page's language.
        const bare = await page.evaluate(() => {
          const root = document.querySelector('vitrine-privacy')?.shadowRoot as ShadowRoot;
          const drawings = [...root.querySelectorAll('svg')];
          return drawings.filter((one) => !one.querySelector('title')?.textContent).length;
        });
        expect(bare).toBe(0);
      }
      await page.locator('[data-act=ask]').click();
      await page.getByRole('dialog').waitFor();
      expect(await faults(page)).toEqual([]);
    },
  );

  it('is light or dark as the page says, or else as the shopper likes', async () => {
    const paper = (page: Page) =>
      page
        .locator('vitrine-privacy [part=panel]')
        .evaluate((one) => getComputedStyle(one).backgroundColor);
    const page = await show(PANEL, { colorScheme: 'dark' });
    expect(await paper(page)).toBe('rgb(23, 27, 25)');
    await page.evaluate(() => (document.documentElement.style.colorScheme = 'light'));
    expect(await paper(page)).toBe('rgb(255, 255, 255)');
  });

  it('changes its language with the page', async () => {
    const page = await opened(await show(PANEL));
    await page.evaluate(() => (document.documentElement.lang = 'zh-Hans'));
    await page.getByRole('heading', { name: '您在本店的隐私' }).waitFor();
    await body(page).getByText('放入购物篮').first().waitFor();
    await page.evaluate(() =>
      document.querySelector('vitrine-privacy')?.setAttribute('lang', 'en'),
    );
    await page.getByRole('heading', { name: 'Your privacy here' }).waitFor();
    await body(page).getByText('put in the basket').first().waitFor();
  });

  it('shows a report byte by byte: every field, every byte, its ε', async () => {
    const page = await opened(await show(PANEL));
    await page.getByRole('tab', { name: 'What left' }).click();
    const card = body(page).locator('[data-state=sent]').first();
    await card.waitFor();
    expect(await card.textContent()).toContain('ε1.9');
    await card.getByText('Look at every byte').click();
    await card.getByRole('table').waitFor();
    const id = (await card.getAttribute('data-key')) ?? '';
    const bytes = Uint8Array.from(scene(false).bytes[id] ?? []);
    const { fields } = inspectReport(bytes);
    const rows = await card.locator('tbody tr').evaluateAll((all) =>
      all.map((row) => ({
        at: row.querySelector('td')?.textContent,
        name: row.querySelector('th code')?.textContent,
        hex: row.querySelector('.hex')?.textContent?.replaceAll(' ', ''),
      })),
    );
    expect(rows).toEqual(
      fields.map(({ name, offset, length }) => ({
        at: length === 1 ? String(offset) : `${offset}–${offset + length - 1}`,
        name,
        hex: Buffer.from(bytes.subarray(offset, offset + length)).toString('hex'),
      })),
    );
    const gone = body(page).locator('[data-state=expired]');
    await gone.getByText('Look at every byte').click();
    await gone.getByText('Its bytes are no longer kept.').waitFor();
  });

  it('says why nothing happens, in words of the page\u2019s language', async () => {
    const page = await opened(await show(PANEL, { lang: 'zh' }));
    await page.getByRole('tab', { name: '回来的' }).click();
    await body(page).getByText('本轮的硬币说不；下一轮重新抛。').waitFor();
    await body(page).getByText('关闭：还没有帮助').waitFor();
    await page.evaluate(() => (document.documentElement.lang = 'en'));
    await body(page).getByText('The coin of this round said no').waitFor();
  });

  it('is walked through by the keyboard alone', async () => {
    const page = await opened(await show(PANEL));
    const focused = () =>
      page.evaluate(() => {
        const one = document.querySelector('vitrine-privacy')?.shadowRoot?.activeElement;
        return one?.getAttribute('aria-labelledby') ?? one?.id ?? '';
      });
    const steps: string[] = [];
    for (let i = 0; i < 4; i++) {
      await page.keyboard.press('Tab');
      steps.push(await focused());
    }
    expect(steps).toEqual(['personalise-name', 'contribute-name', 'stayed', 'stayed']);
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('ArrowLeft');
    await soon(focused).toBe('back');
    await body(page).getByText('Tasks of this shop').waitFor();
    await page.keyboard.press('Home');
    await soon(focused).toBe('stayed');
    await page.getByRole('switch', { name: 'Send noised updates' }).focus();
    await page.keyboard.press('Space');
    await soon(() => result(page).textContent()).toBe('Your choice is in force.');
    expect(
      await page.getByRole('switch', { name: 'Send noised updates' }).getAttribute('aria-checked'),
    ).toBe('false');
    expect(await focused()).toBe('contribute-name');
  });

  it('keeps focus and what is open when it draws anew', async () => {
    const page = await opened(await show(PANEL));
    const summary = body(page).getByText('Latest events');
    await summary.click();
    await body(page).locator('.events li').first().waitFor();
    await page.evaluate(() => {
      const { scene, fire } = window as unknown as StageWindow;
      Object.assign(scene.profile, { sessions: 10 });
      fire('update');
    });
    await body(page).getByText('10', { exact: true }).waitFor();
    expect(await body(page).locator('.events').isVisible()).toBe(true);
    const tag = () =>
      page.evaluate(
        () => document.querySelector('vitrine-privacy')?.shadowRoot?.activeElement?.tagName,
      );
    expect(await tag()).toBe('SUMMARY');
  });

  it('gives a file with everything', async () => {
    const page = await opened(await show(PANEL));
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download everything' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('vitrine-export.json');
    const data = JSON.parse(await readFile(await download.path(), 'utf8')) as { events: unknown[] };
    expect(data.events).toHaveLength(212);
    await soon(() => result(page).textContent()).toBe('Saved as vitrine-export.json.');
  });

  it('erases after a question, and says what came of it', async () => {
    const page = await opened(await show(PANEL));
    const ask = page.getByRole('button', { name: 'Erase everything' });
    await ask.click();
    await page.getByRole('dialog').getByRole('button', { name: 'Keep it' }).click();
    expect(await page.getByRole('dialog').isVisible()).toBe(false);
    const erase = async (code: string) => {
      await page.evaluate((of) => Object.assign(window, { eraseFails: of }), code);
      await ask.click();
      await page.getByRole('dialog').getByRole('button', { name: 'Erase' }).click();
    };
    await erase('blocked');
    await soon(() => result(page).textContent()).toContain('other tabs of this shop');
    await erase('failed');
    await soon(() => result(page).textContent()).toContain('Not all could be deleted');
    expect(await body(page).locator('.card').count()).toBeGreaterThan(0);
    await erase('');
    await soon(() => result(page).textContent()).toContain('nothing is left');
    await body(page).getByText('Nothing is stored in this browser.').waitFor();
    for (const one of await page.getByRole('switch').all()) {
      expect(await one.getAttribute('aria-checked')).toBe('false');
    }
    expect(await page.getByRole('switch').nth(1).getAttribute('aria-disabled')).toBe('true');
  });

  it('asks before a withdrawal that erases', async () => {
    const page = await opened(await show(PANEL));
    await page.getByRole('switch', { name: 'Remember my visits' }).click();
    await page.getByText('Switch this off and erase?').waitFor();
    await page.keyboard.press('Escape');
    expect(await page.getByRole('switch').first().getAttribute('aria-checked')).toBe('true');
    await page.getByRole('switch', { name: 'Remember my visits' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Erase' }).click();
    await body(page).getByText('Nothing is stored in this browser.').waitFor();
  });

  it('takes hostile names for text', async () => {
    const page = await show(PANEL, {
      before: () => {
        const { scene } = window as unknown as StageWindow;
        const hostile = '<img src=x onerror="document.title=1">{count}|';
        const { interests } = scene.profile as unknown as {
          interests: { category: { id: string }[] };
        };
        (interests.category[0] as { id: string }).id = hostile;
        Object.assign(scene.segments[0] as object, { id: hostile, label: hostile });
        Object.assign(scene.status.tasks[0] as object, {
          name: hostile,
          words: hostile,
          label: hostile,
        });
        Object.assign(scene.account, { statement: hostile });
      },
    });
    await opened(page);
    for (const name of ['What left', 'What came back', 'What stayed']) {
      await page.getByRole('tab', { name }).click();
      await opened(page);
    }
    expect(await page.locator('vitrine-privacy img').count()).toBe(0);
    expect(await page.title()).toBe('Shop');
    expect(await body(page).textContent()).toContain('<img src=x');
  });

  it('shows its bars in forced colours', async () => {
    const page = await opened(await show(PANEL, { forcedColors: 'active' }));
    const colours = await page
      .locator('.bar')
      .first()
      .evaluate((one) => {
        const [track, fill] = one.querySelectorAll('rect');
        return [track, fill, one.closest('[part=panel]')].map((of) => {
          const style = getComputedStyle(of as Element);
          return of?.tagName === 'rect' ? style.fill : style.backgroundColor;
        });
      });
    expect(new Set(colours).size).toBe(3);
    expect(await faults(page)).toEqual([]);
  });

  it('shows no body without the words for it, which come with the engine', async () => {
    const page = await show(PANEL, {
      before: () => {
        // Before its engine is there, a tag answers its status alone.
        type Own = Record<'profile' | 'status', (language?: string) => Promise<object>>;
        const own = (window as unknown as { vitrine: Own }).vitrine;
        const { profile, status } = own;
        let isUp = false;
        own.profile = async () => {
          await new Promise((resolve) => setTimeout(resolve, 100));
          isUp = true;
          return profile();
        };
        own.status = async (language) => {
          const told = await status(language);
          return isUp ? told : { ...told, state: 'starting', words: 'Starting.', terms: undefined };
        };
      },
    });
    await opened(page);
    const text = (await body(page).textContent()) ?? '';
    expect(text).not.toMatch(/undefined|byRule|activityText|notMember/);
  });

  it('says that nothing runs where there is no client', async () => {
    const page = await show(PANEL, { isAlone: true });
    await page.getByText('Nothing runs on this page').waitFor();
    for (const one of await page.getByRole('switch').all()) {
      expect(await one.getAttribute('aria-disabled')).toBe('true');
    }
    await painted(page);
    expect(await faults(page)).toEqual([]);
  });
});
