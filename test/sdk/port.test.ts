import { afterEach, describe, expect, it } from 'vitest';
import { type Other, type Port, talk } from '../../sdk/port.ts';

interface Left {
  add(a: number, b: number): Promise<number>;
  fail(): void;
  note(word: string): void;
  odd(): unknown;
}

let close = (): void => undefined;
afterEach(() => close());

function pair(left: object, right: object = {}): { toLeft: Other<Left>; toRight: Other<Left> } {
  const { port1, port2 } = new MessageChannel();
  close = () => port1.close();
  const toRight = talk<Left>(port1 as unknown as Port, left);
  return { toLeft: talk<Left>(port2 as unknown as Port, right), toRight };
}

describe('calls over a port', () => {
  it('are answered, and those that fail keep their code', async () => {
    const { toLeft } = pair({
      add: async (a: number, b: number) => a + b,
      fail() {
        throw Object.assign(new Error('held by another tab'), { code: 'blocked' });
      },
      odd: () => () => 'a function does not travel',
    });
    expect(await toLeft.ask('add', 2, 3)).toBe(5);
    await expect(toLeft.ask('fail')).rejects.toMatchObject({
      code: 'blocked',
      message: 'held by another tab',
    });
    await expect(toLeft.ask('odd')).rejects.toThrow(/cloned/);
    await expect(toLeft.ask('add', (() => 1) as never, 1)).rejects.toThrow(/cloned/);
  });

  it('come in order in both directions: an answer never overtakes what was told before it', async () => {
    const heard: string[] = [];
    const right = { note: (word: string) => void heard.push(word) };
    let tell: (word: string) => void = () => undefined;
    const { toLeft, toRight } = pair(
      {
        async add(a: number, b: number) {
          tell('before');
          return a + b;
        },
      },
      right,
    );
    tell = (word) => toRight.tell('note', word);
    const sum = toLeft.ask('add', 1, 1).then(() => heard.push('answer'));
    await sum;
    expect(heard).toEqual(['before', 'answer']);
  });

  it('what is told and fails harms nobody', async () => {
    const { toLeft } = pair({
      fail() {
        throw new Error('nobody waits');
      },
      add: (a: number) => a,
    });
    toLeft.tell('fail');
    toLeft.tell('note', 'there is no such method');
    expect(await toLeft.ask('add', 7, 0)).toBe(7);
  });
});
