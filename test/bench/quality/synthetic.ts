/** Tiny data folders of every form, seeded: shoppers keep to one of a few kinds of goods. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SeededRandom } from '../../simulate/random.ts';
import type { Form } from './forms.ts';

const ITEMS = 60;
const KINDS = 6;
const WORDS = ['lamp', 'glove', 'kettle', 'brush', 'drill', 'towel'];

/** Writes a folder; `remove` deletes it. */
export function syntheticFolder(
  form: Exclude<Form, 'heads'>,
  shoppers = 80,
): { readonly folder: string; remove(): void } {
  const parent = mkdtempSync(join(tmpdir(), 'vitrine-quality-'));
  const folder = join(parent, `tiny-${form}`);
  mkdirSync(folder);
  const sequences = sequencesOf(shoppers);
  for (const [name, text] of Object.entries(filesOf(form, sequences))) {
    writeFileSync(join(folder, name), text);
  }
  return { folder, remove: () => rmSync(parent, { recursive: true, force: true }) };
}

function sequencesOf(shoppers: number): number[][] {
  const random = new SeededRandom('quality');
  return Array.from({ length: shoppers }, (_, shopper) => {
    const kind = shopper % KINDS;
    return Array.from({ length: 5 + random.below(5) }, () =>
      random.chance(0.8) ? kind + KINDS * random.below(ITEMS / KINDS) : random.below(ITEMS),
    );
  });
}

function filesOf(form: Exclude<Form, 'heads'>, sequences: number[][]): Record<string, string> {
  const lines = (rows: readonly string[]): string => `${rows.join('\n')}\n`;
  const items = Array.from({ length: ITEMS }, (_, item) => item);
  const word = (item: number): string => WORDS[item % KINDS] as string;
  switch (form) {
    case 'text-items': {
      const row = (sequence: number[], back: number): string =>
        `u\t${sequence.slice(0, -back).join(' ')}\t${sequence.at(-back)}`;
      const head = 'user\thistory\ttarget';
      return {
        'items.jsonl': lines(
          items.map((id) =>
            JSON.stringify({
              id,
              title: `${word(id)} no ${id}`,
              brand: `b${id % 9}`,
              price: 1 + id,
            }),
          ),
        ),
        'train_sequences.txt': lines(
          sequences.map((row, u) => `u${u} ${row.slice(0, -2).join(' ')}`),
        ),
        'valid.tsv': lines([head, ...sequences.map((sequence) => row(sequence, 2))]),
        'test.tsv': lines([head, ...sequences.map((sequence) => row(sequence, 1))]),
      };
    }
    case 'attributes':
      return {
        'sequences.txt': lines(
          sequences.map((row, u) => `${u + 1} ${row.map((item) => item + 1).join(' ')}`),
        ),
        'item2attributes.json': JSON.stringify(
          Object.fromEntries(
            items.map((item) => [item + 1, [1 + (item % KINDS), 10 + (item % 4)]]),
          ),
        ),
      };
    case 'recbole':
      return {
        'tiny.inter': lines([
          'user_id:token\titem_id:token\trating:float\ttimestamp:float',
          ...sequences.flatMap((row, u) =>
            row.map((item, at) => `${u + 1}\t${item + 1}\t5\t${at}`),
          ),
        ]),
        'tiny.item': lines([
          'item_id:token\ttitle:token_seq',
          ...items.map((item) => `${item + 1}\t${word(item)} ${item}`),
        ]),
      };
    default: {
      const text = sequences.map((row) => row.map((item) => item + 1).join(' '));
      const cut = Math.floor(0.8 * text.length);
      return {
        'train_sessions.txt': lines(text.slice(0, cut)),
        'test_sessions.txt': lines(text.slice(cut)),
      };
    }
  }
}
