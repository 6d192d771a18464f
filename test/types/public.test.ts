import { describe, expectTypeOf, it } from 'vitest';
import type {
  Consent,
  EventName,
  InitOptions,
  RecommendResult,
  ReportEntry,
  SkipReason,
  Status,
  Traits,
  Vitrine,
} from '../../sdk/index.ts';
import { init } from '../../sdk/index.ts';

describe('the public types', () => {
  it('init takes a site and its options', () => {
    expectTypeOf(init).parameters.toEqualTypeOf<[string, InitOptions]>();
    expectTypeOf(init).returns.toEqualTypeOf<Vitrine>();
    expectTypeOf<InitOptions>().toHaveProperty('trust').toBeString();
    // @ts-expect-error the root key must be pinned
    expectTypeOf<InitOptions>({ endpoint: '/v', assetBase: '/a' });
  });

  it('answers are named', () => {
    expectTypeOf<Vitrine['recommend']>().returns.resolves.toEqualTypeOf<RecommendResult>();
    expectTypeOf<RecommendResult['source']>().toEqualTypeOf<
      'model' | 'content' | 'popular' | 'given' | 'seen'
    >();
    expectTypeOf<Vitrine['traits']>().returns.resolves.toEqualTypeOf<Traits>();
    expectTypeOf<Vitrine['status']>().returns.resolves.toEqualTypeOf<Status>();
    expectTypeOf<Status['tasks'][number]['reason']>().toEqualTypeOf<SkipReason | null>();
    expectTypeOf<Vitrine['consent']['get']>().returns.toEqualTypeOf<Consent>();
  });

  it('track takes GA4 names and strings as numbers', () => {
    expectTypeOf<Parameters<Vitrine['track']>[0]>().toEqualTypeOf<EventName>();
    expectTypeOf<{ value: string }>().toExtend<Parameters<Vitrine['track']>[1]>();
    // @ts-expect-error not an event of GA4 ecommerce
    expectTypeOf<EventName>('teleport');
  });

  it('on gives the value of its event and returns an undo', () => {
    const use = (shop: Vitrine): (() => void) =>
      shop.on('report', (entry) => expectTypeOf(entry).toEqualTypeOf<ReportEntry>());
    expectTypeOf(use).returns.toEqualTypeOf<() => void>();
  });
});
