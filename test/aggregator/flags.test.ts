import { parseArgs } from 'node:util';
import { describe, expect, it } from 'vitest';
import { joinValues } from '../../aggregator/flags.ts';

describe('joinValues', () => {
  it('lets a key begin with a dash', () => {
    const given = ['audit', 'http://x', '--trust', '-root -helper', '--json'];
    const { values, positionals } = parseArgs({
      args: joinValues(given, ['--trust']),
      allowPositionals: true,
      options: { trust: { type: 'string' }, json: { type: 'boolean' } },
    });
    expect([values, positionals]).toEqual([
      { trust: '-root -helper', json: true },
      ['audit', 'http://x'],
    ]);
  });
  it('leaves what is joined already, other flags and a flag at the end', () => {
    const given = ['--trust=-a', '--data', '-b', '--trust'];
    expect(joinValues(given, ['--trust'])).toEqual(given);
  });
});
