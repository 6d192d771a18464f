/** The basket: the shop's own state, in this tab's sessionStorage. */

import { goods } from './catalogue/goods.ts';
import type { Good } from './catalogue/types.ts';

export interface Line {
  readonly goodId: string;
  readonly variantId: string;
  readonly quantity: number;
}

const KEY = 'shop.basket';
const byId = new Map(goods.map((good) => [good.id, good]));

export function goodOf(id: string): Good | null {
  return byId.get(id) ?? null;
}

export function lines(): Line[] {
  try {
    const parsed: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '[]');
    return (Array.isArray(parsed) ? (parsed as Line[]) : []).filter(
      (line) => byId.has(line.goodId) && Number.isInteger(line.quantity) && line.quantity > 0,
    );
  } catch {
    return [];
  }
}

function save(next: readonly Line[]): void {
  sessionStorage.setItem(KEY, JSON.stringify(next));
  document.dispatchEvent(new CustomEvent('basket'));
}

export function add(goodId: string, variantId: string, quantity: number): void {
  const all = lines();
  const same = all.find((line) => line.goodId === goodId && line.variantId === variantId);
  save(
    same === undefined
      ? [...all, { goodId, variantId, quantity }]
      : all.map((line) => (line === same ? { ...line, quantity: line.quantity + quantity } : line)),
  );
}

export function drop(gone: Line): void {
  save(lines().filter((line) => line.goodId !== gone.goodId || line.variantId !== gone.variantId));
}

export function empty(): void {
  save([]);
}

export function totalCents(all: readonly Line[]): number {
  return all.reduce((sum, line) => sum + (goodOf(line.goodId)?.priceCents ?? 0) * line.quantity, 0);
}

export function pieces(): number {
  return lines().reduce((sum, line) => sum + line.quantity, 0);
}
