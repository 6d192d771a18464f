/** Text as feeds write it: HTML, entities, one or two times over; addresses of pages and pictures. */

/** Latin-1 from U+00A0: HTML 4.01, §24.2.1, in order. */
const LATIN = `nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg
  plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave
  Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH
  Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig
  agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc
  iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute
  thorn yuml`.split(/\s+/);

const NAMED: ReadonlyMap<string, string> = new Map([
  ...LATIN.map((name, i) => [name, String.fromCharCode(0xa0 + i)] as const),
  ...Object.entries({
    ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", euro: '€', trade: '™' },
    ...{ ndash: '–', mdash: '—', lsquo: '‘', rsquo: '’', sbquo: '‚', ldquo: '“', rdquo: '”' },
    ...{ bdquo: '„', hellip: '…', bull: '•', OElig: 'Œ', oelig: 'œ', Scaron: 'Š', scaron: 'š' },
    ...{ ensp: ' ', emsp: ' ', thinsp: ' ', zwnj: '', zwj: '', lsaquo: '‹', rsaquo: '›' },
  }),
]);

/** Each entity once; one that is unknown, or no character, stays as it is written. */
export function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(\w{2,8}));/g, (whole, ...parts) => {
    const [decimal, hex, name] = parts as (string | undefined)[];
    if (name !== undefined) return NAMED.get(name) ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    const isNone = code === 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000);
    return isNone ? whole : String.fromCodePoint(code);
  });
}

/** Words of a text that may be HTML, or HTML that was escaped once more; one line. */
export function plainText(text: string): string {
  let plain = text;
  // Escaped tags become tags: looked at twice, never more.
  for (let pass = 0; pass < 2 && /[<&]/.test(plain); pass++) {
    plain = decodeEntities(
      plain
        .replace(/<(script|style)\b[^>]*>[\s\S]*?<\/\1\s*>/gi, ' ')
        .replace(/<!--[\s\S]*?-->/g, ' ')
        .replace(/<\/?[a-zA-Z][^<>]*>/g, ' '),
    );
  }
  return (
    plain
      // biome-ignore lint/suspicious/noControlCharactersInRegex: feeds hold them
      .replace(/[\u0000-\u001f\u007f\u00a0\u00ad\u200b\ufeff\s]+/g, ' ')
      .trim()
  );
}

/** At most so many UTF-16 units, without half of a character. */
export function cut(text: string, most: number): string {
  return text.slice(0, most).replace(/\p{Surrogate}/gu, '');
}

/** Longest address that a card holds. */
const MAX_URL = 2000;

/** An absolute http(s) address without its fragment, or null. */
export function address(text: string, base: string | null): string | null {
  const given = decodeEntities(text.trim());
  if (given === '') return null;
  try {
    const url = base === null ? new URL(given) : new URL(given, base);
    const isWeb = url.protocol === 'http:' || url.protocol === 'https:';
    if (!isWeb || url.username !== '' || url.href.length > MAX_URL) return null;
    url.hash = '';
    return url.href;
  } catch {
    return null;
  }
}
