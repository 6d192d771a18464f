/**
 * Google Merchant feeds, RSS 2.0 and Atom, and lists of `<product>` or `<offer>`: each entry is cut
 * out of the text and parsed alone, without what a document type could declare. Entities are decoded
 * once, by our own table: none is external, and none holds another.
 */
import { XMLParser } from 'fast-xml-parser';
import { FeedError } from './feed.ts';
import type { RawRow } from './feed-rows.ts';
import { decodeEntities } from './feed-text.ts';

/** Units of one entry. */
const MAX_ENTRY = 4 << 20;
const ENTRIES = /^<(?:[\w-]+:)?(item|entry|product|offer)(?=[\s/>])/i;
const TEXT = '#text';

const PARSER = new XMLParser({
  attributeNamePrefix: '',
  attributesGroupName: '$',
  cdataPropName: '#cdata',
  ignoreAttributes: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseAttributeValue: false,
  parseTagValue: false,
  processEntities: false,
  trimValues: true,
});

type Node = Readonly<Record<string, unknown>>;

/** @throws FeedError for a document type that declares entities. */
export async function* xmlRows(text: AsyncIterable<string>): AsyncGenerator<RawRow> {
  const cutter = new EntryCutter();
  let row = 0;
  for await (const piece of text) {
    for (const entry of cutter.push(piece)) yield parsed(entry, ++row);
  }
  if (cutter.isOpen) yield { row: ++row, entries: null, problem: 'ends early' };
}

function parsed(entry: string | null, row: number): RawRow {
  if (entry === null) return { row, entries: null, problem: 'longer than an entry of a feed' };
  try {
    const [node] = Object.values(PARSER.parse(entry, true) as Node);
    return { row, entries: entriesOf(node), problem: null };
  } catch (error) {
    return { row, entries: null, problem: (error as Error).message.slice(0, 80) };
  }
}

function entriesOf(node: unknown): (readonly [string, unknown])[] {
  const first = (Array.isArray(node) ? node[0] : node) as unknown;
  if (typeof first !== 'object' || first === null) return [];
  const { $: attributes, ...children } = first as Node;
  return [
    ...Object.entries((attributes ?? {}) as Node),
    ...Object.entries(children).map(([name, value]) => [name, contentOf(value)] as const),
  ];
}

/** Text, or a list of texts; of an element with an address alone (Atom's link) the address. */
function contentOf(value: unknown): unknown {
  if (typeof value === 'string') return decodeEntities(value);
  if (Array.isArray(value)) return value.map(contentOf);
  if (typeof value !== 'object' || value === null) return '';
  const { $: attributes, '#cdata': cdata, [TEXT]: text, ...children } = value as Node;
  const own = `${[text].flat().map(contentOf).join(' ')}${[cdata].flat().join(' ')}`.trim();
  if (own !== '') return own;
  const { href, src } = (attributes ?? {}) as Node;
  if (typeof href === 'string' || typeof src === 'string') return decodeEntities(`${href ?? src}`);
  return Object.values(children).map(contentOf)[0] ?? '';
}

/** Cuts entries out of a text that comes in pieces; null for one that is too long. */
class EntryCutter {
  #text = '';
  #name = '';
  /** Where the entry that is cut begins; -1 outside. */
  #from = -1;
  #at = 0;
  #nested = 0;
  #tooLong = false;

  get isOpen(): boolean {
    return this.#from !== -1;
  }

  *push(piece: string): Generator<string | null> {
    this.#text += piece;
    for (;;) {
      const open = this.#text.indexOf('<', this.#at);
      if (open === -1) {
        this.#at = this.#text.length;
        break;
      }
      const end = this.#endOf(open);
      // The mark ends in a later piece.
      if (end === -1) {
        this.#at = open;
        break;
      }
      const found = this.#mark(open, end);
      this.#at = end;
      if (found !== undefined) yield found;
    }
    this.#forget();
  }

  /** Behind the tag, comment, CDATA section or document type that begins here; -1 if not yet. */
  #endOf(open: number): number {
    const text = this.#text;
    const behind = (mark: string, from: number): number => {
      const at = text.indexOf(mark, from);
      return at === -1 ? -1 : at + mark.length;
    };
    if (text.startsWith('<!--', open)) return behind('-->', open + 4);
    if (text.startsWith('<![CDATA[', open)) return behind(']]>', open + 9);
    if (text.startsWith('<?', open)) return behind('?>', open + 2);
    if (text.length - open < 9) return behind('>', open + 1);
    if (/^<!DOCTYPE/i.test(text.slice(open, open + 9))) {
      const subset = text.slice(open, behind('>', open) === -1 ? undefined : behind('>', open));
      if (subset.includes('['))
        throw new FeedError('a document type with declarations is not read');
    }
    return behind('>', open + 1);
  }

  #mark(open: number, end: number): string | null | undefined {
    const tag = this.#text.slice(open, end);
    if (this.#from === -1) {
      const name = ENTRIES.exec(tag)?.[0].slice(1);
      if (name === undefined) return undefined;
      if (tag.endsWith('/>')) return tag;
      this.#name = name;
      this.#from = open;
      this.#nested = 0;
      this.#tooLong = false;
      return undefined;
    }
    const own = new RegExp(`^</?${this.#name}[\\s/>]`);
    if (!own.test(tag) || tag.endsWith('/>')) return undefined;
    this.#nested += tag.startsWith('</') ? -1 : 1;
    if (this.#nested >= 0) return undefined;
    const entry = this.#tooLong ? null : this.#text.slice(this.#from, end);
    this.#from = -1;
    return entry;
  }

  #forget(): void {
    if (this.#from !== -1 && this.#text.length - this.#from > MAX_ENTRY) {
      this.#tooLong = true;
      this.#from = this.#at;
    }
    if (this.#from === -1 && this.#text.length - this.#at > MAX_ENTRY) {
      throw new FeedError('a tag that does not end');
    }
    const gone = this.#from === -1 ? this.#at : Math.min(this.#from, this.#at);
    this.#text = this.#text.slice(gone);
    this.#at -= gone;
    if (this.#from !== -1) this.#from -= gone;
  }
}
