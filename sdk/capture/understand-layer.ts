/**
 * What is pushed into a data layer, in the dialects of GA4 (`event` with `ecommerce`, gtag's
 * `arguments`), Universal Analytics' enhanced ecommerce and its older transactions.
 */
import { EVENT_NAMES } from './event.ts';
import { SAME_AS } from './understand-calls.ts';
import { type Fields, isFields, pick, readItems, word } from './understand-items.ts';

/** An event on its way: whence tells apart the ways in which one event may be told twice. */
export interface Told {
  readonly name: string;
  readonly parameters: Fields;
  readonly path: 'ga4' | 'gtag' | 'ua';
  /** The items are all that the basket holds, not what came or went. */
  readonly totals?: boolean;
}

const GA4_NAMES: ReadonlySet<unknown> = new Set(EVENT_NAMES.filter((name) => name !== 'dwell'));
/** Universal Analytics' actions that have a meaning here. */
const ACTIONS: Readonly<Record<string, string>> = {
  detail: 'view_item',
  add: 'add_to_cart',
  remove: 'remove_from_cart',
  checkout: 'begin_checkout',
  purchase: 'purchase',
};
const PLAIN = ['value', 'currency', 'transaction_id', 'search_term', 'rating', 'text', 'page'];
const PROMOTION = ['promotion_id', 'promotion_name', 'creative_name', 'creative_slot'];
const MAX_PROMOTIONS = 20;

/** The dialects of one data layer, with what tag managers remember between its pushes. */
export class DataLayer {
  /** GA4's last `ecommerce`, for an event that comes in a push of its own. */
  #ecommerce: Fields = {};
  #currency: string | number | undefined;

  hear(entry: unknown): Told[] {
    if (Array.isArray(entry)) return this.#command(entry);
    if (!isFields(entry)) return [];
    if ('ecommerce' in entry && !isFields(entry.ecommerce) && !Array.isArray(entry.ecommerce)) {
      this.#ecommerce = {};
    }
    const given = Array.isArray(entry.ecommerce) ? { items: entry.ecommerce } : entry.ecommerce;
    const own = isFields(given) ? given : {};
    this.#currency =
      pick(own, ['currency', 'currencyCode']) ?? word(entry.currency) ?? this.#currency;
    if (readItems(own.items).length > 0) this.#ecommerce = own;
    return [...this.#universal(own), ...this.#ga4(entry, own), ...this.#transaction(entry)];
  }

  #command(entry: readonly unknown[]): Told[] {
    const [command, name, parameters] = entry;
    const fields = isFields(parameters) ? parameters : {};
    if (command === 'set') {
      const set = isFields(name) ? name : fields;
      this.#currency = word(set.currency) ?? this.#currency;
    }
    return command === 'event' ? this.#event(name, fields, fields, 'gtag') : [];
  }

  #ga4(entry: Fields, own: Fields): Told[] {
    const models = [own, isFields(entry.eventModel) ? entry.eventModel : {}, entry];
    const told = models.find((one) => readItems(one.items ?? one.products).length > 0);
    // An event in a push of its own speaks of what was pushed before it.
    const universal = Object.keys(ACTIONS).some((action) => action in own);
    const items = told ?? (universal || 'ecommerce' in entry ? {} : this.#ecommerce);
    return this.#event(entry.event, { ...entry, ...own, ...told }, items, 'ga4');
  }

  #event(name: unknown, fields: Fields, holder: Fields, path: Told['path']): Told[] {
    const known = typeof name === 'string' ? (SAME_AS[name] ?? name) : '';
    const totals = known === 'view_cart';
    if (!totals && !GA4_NAMES.has(known)) return [];
    const items = readItems(holder.items ?? holder.products);
    const parameters = { ...this.#plain(fields), ...this.#plain(holder), items };
    if (known !== 'view_promotion') return [{ name: known, parameters, path, totals }];
    return this.#promotions([...list(fields.promotions), ...list(fields.items), fields], path);
  }

  #plain(fields: Fields): Fields {
    const found = [...PLAIN, ...PROMOTION].flatMap((name) => {
      const value = word(fields[name]);
      return value === undefined ? [] : [[name, value]];
    });
    return {
      ...(this.#currency !== undefined && { currency: this.#currency }),
      ...Object.fromEntries(found),
    };
  }

  #promotions(all: readonly unknown[], path: Told['path']): Told[] {
    return all.slice(0, MAX_PROMOTIONS).flatMap((one) => {
      const fields = isFields(one) ? one : {};
      const promotion_id = pick(fields, ['promotion_id', 'id', 'promotion_name']);
      const creative_name = pick(fields, ['creative_name', 'creative']);
      const creative_slot = pick(fields, ['creative_slot', 'position']);
      if (promotion_id === undefined || (creative_name ?? creative_slot) === undefined) return [];
      return [
        {
          name: 'view_promotion',
          parameters: { promotion_id, creative_name, creative_slot },
          path,
        },
      ];
    });
  }

  #universal(own: Fields): Told[] {
    const currency = this.#currency === undefined ? {} : { currency: this.#currency };
    const path = 'ua';
    const told: Told[] = [];
    const impressions = readItems(
      isFields(own.impressions) ? (own.impressions.products ?? own.impressions) : own.impressions,
    );
    if (impressions.length > 0) {
      told.push({ name: 'view_item_list', parameters: { ...currency, items: impressions }, path });
    }
    for (const [action, name] of Object.entries(ACTIONS)) {
      const part = own[action];
      if (!isFields(part)) continue;
      const field = isFields(part.actionField) ? part.actionField : {};
      // Later steps of the same checkout.
      if (action === 'checkout' && Number(word(field.step) ?? 1) !== 1) continue;
      // Google Analytics 4 in its first form had its own names in these places.
      const items = readItems(part.products ?? part.items);
      const value = word(field.revenue ?? part.value);
      const id = word(field.id ?? part.transaction_id);
      const paid = {
        ...(value !== undefined && { value }),
        ...(id !== undefined && { transaction_id: id }),
      };
      told.push({
        name,
        parameters: { ...currency, ...(action === 'purchase' && paid), items },
        path,
      });
    }
    const { promotions } = isFields(own.promoView) ? own.promoView : {};
    return [...told, ...this.#promotions(list(promotions), path)];
  }

  /** Google Analytics' first ecommerce, which tag managers still read. */
  #transaction(entry: Fields): Told[] {
    const items = readItems(entry.transactionProducts);
    if (items.length === 0) return [];
    const value = word(entry.transactionTotal);
    const id = word(entry.transactionId);
    const currency = word(entry.transactionCurrency) ?? this.#currency;
    const paid = {
      ...(value !== undefined && { value }),
      ...(id !== undefined && { transaction_id: id }),
      ...(currency !== undefined && { currency }),
    };
    return [{ name: 'purchase', parameters: { ...paid, items }, path: 'ua' }];
  }
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
