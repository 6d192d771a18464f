/** JSON as shops write it into their pages: read strictly first, then mended where it breaks. */

const MAX_LENGTH = 400_000;

/** @returns undefined when it is not to be understood, even mended */
export function readJson(text: string): unknown {
  if (text.length > MAX_LENGTH) return undefined;
  const bare = unwrap(text);
  for (const attempt of [() => bare, () => mend(bare), () => mend(decode(bare))]) {
    try {
      return JSON.parse(attempt()) as unknown;
    } catch {
      // The next attempt.
    }
  }
  return undefined;
}

/** Without byte order mark, HTML comment, CDATA and a closing semicolon. */
function unwrap(text: string): string {
  const bare = text
    .trim()
    .replace(/^(?:\/\/|\/\*)?\s*<!(?:--|\[CDATA\[)\s*(?:\*\/)?/, '')
    .trim();
  const end = Math.max(0, bare.length - 30);
  const tail = bare.slice(end).replace(/(?:\/\/|\/\*)?\s*(?:--|\]\])>\s*(?:\*\/)?$/, '');
  return (bare.slice(0, end) + tail).trim().replace(/;$/, '');
}

const ENTITIES: Readonly<Record<string, string>> = {
  quot: '"',
  amp: '&',
  lt: '<',
  gt: '>',
  apos: "'",
  nbsp: ' ',
};

/** The entities that texts in JSON-LD are found with. */
export function decode(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,4}));/gi,
    (all, decimal, hex, name) => {
      if (name) return ENTITIES[name.toLowerCase()] ?? all;
      const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
      return code > 0 && code < 0x110000 ? String.fromCodePoint(code) : all;
    },
  );
}

/**
 * Outside texts: comments and commas before an end go, several values become a list, what is open
 * at the end is closed. Inside: line ends, tabs, quotes and backslashes that are not escaped are.
 */
function mend(source: string): string {
  const open: string[] = [];
  const out: string[] = [];
  const dropComma = (): void => {
    if (out.at(-1) === ',') out.pop();
  };
  let values = 1;
  for (let at = 0; at < source.length; at++) {
    const char = source[at] as string;
    if (char === '"') {
      const [text, end] = mendText(source, at + 1);
      out.push(`"${text}"`);
      at = end;
    } else if (char === '/' && '/*'.includes(source[at + 1] ?? ' ')) {
      const end = source[at + 1] === '/' ? '\n' : '*/';
      const found = source.indexOf(end, at + 2);
      at = found === -1 ? source.length : found + end.length - 1;
    } else if (char === '{' || char === '[') {
      if (open.length === 0 && out.length > 0) {
        dropComma();
        out.push(',');
        values++;
      }
      open.push(char === '{' ? '}' : ']');
      out.push(char);
    } else if (char === '}' || char === ']') {
      dropComma();
      if (open.pop() !== char) return source;
      out.push(char);
    } else if (!/\s/.test(char)) out.push(char);
  }
  dropComma();
  const whole = out.join('') + open.reverse().join('');
  return values > 1 ? `[${whole}]` : whole;
}

/** @returns the text with what must be escaped escaped, and where its closing quote stands */
function mendText(source: string, from: number): [string, number] {
  let out = '';
  let at = from;
  for (; at < source.length; at++) {
    const char = source[at] as string;
    const code = char.charCodeAt(0);
    if (char === '\\') {
      const next = source[at + 1] ?? '';
      const whole =
        next === 'u'
          ? /^[\da-f]{4}/i.test(source.slice(at + 2, at + 6))
          : '"\\/bfnrt'.includes(next);
      out += whole && next !== '' ? char + next : next === "'" ? "'" : `\\\\`;
      if ((whole && next !== '') || next === "'") at++;
    } else if (char === '"') {
      // A quote that nothing of JSON follows stands inside the text: 15" screen.
      if (/^\s*(?:[,:}\]]|$)/.test(source.slice(at + 1, at + 200))) break;
      out += '\\"';
    } else out += code < 32 ? `\\u${code.toString(16).padStart(4, '0')}` : char;
  }
  return [out, at];
}
