import { categories } from './categories.ts';
import { goods } from './goods.ts';
import { emblem, surface } from './patterns.ts';
import { block, boxOf, fill, hash, oval, type Pen, stroke, tones } from './pen.ts';
import { shapes } from './shapes.ts';
import type { Category, Good, Localised } from './types.ts';

type Language = keyof Localised;

const FLOOR_Y = 264;
const FLAT_LAY_Y = 292;

interface Reach {
  left: number;
  right: number;
  bottom: number;
  /** Rotation in force while a part is drawn, as a transform attribute. */
  transform: string;
  readonly outlines: string[];
}

const escapeText = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');

const round = (svg: string): string =>
  svg.replace(/-?\d+\.\d{2,}/g, (number) => String(Math.round(Number(number) * 10) / 10));

function penFor(good: Good, variantIndex: number, reach: Reach): Pen {
  const { drawing, id } = good;
  const colour = (good.variants[variantIndex] ?? good.variants[0])?.colour ?? '#888888';
  const main = tones(colour);
  const accent = tones(drawing.palette[0] ?? main.dark);
  const extra = tones(drawing.palette[1] ?? accent.light);
  const motif = drawing.motif ?? 'leaf';
  const seed = hash(id);
  let clips = 0;

  return {
    main,
    accent,
    extra,
    kind: drawing.kind ?? 0,
    motif,
    emblem: (x, y, size, paint) => emblem(motif, x, y, size, paint),
    turned: (degrees, x, y, draw) => {
      reach.transform = ` transform="rotate(${degrees} ${x} ${y})"`;
      const part = `<g${reach.transform}>${draw()}</g>`;
      reach.transform = '';
      return part;
    },
    label: (x, y, width, height, paint = '#fbf3e3') => {
      const cx = x + width / 2;
      return (
        fill(block(x, y, width, height, 5), paint) +
        stroke(block(x + 4, y + 4, width - 8, height - 8, 3), accent.light, 1.4) +
        emblem(motif, cx, y + height * 0.4, Math.min(width, height) * 0.24, accent.base) +
        fill(block(cx - width * 0.28, y + height * 0.7, width * 0.56, 4, 2), main.deep) +
        fill(block(cx - width * 0.18, y + height * 0.81, width * 0.36, 3, 1.5), main.dark)
      );
    },
    solid: (d, paint = main, look = {}) => {
      const box = boxOf(d);
      const [x, y, width, height] = box;
      reach.left = Math.min(reach.left, x);
      reach.right = Math.max(reach.right, x + width);
      reach.bottom = Math.max(reach.bottom, y + height);
      reach.outlines.push(`<path d="${d}"${reach.transform}/>`);
      const patterned = look.pattern === true && drawing.pattern !== undefined;
      const shaded = look.shade !== false;
      const base = fill(d, paint.base);
      if (!patterned && !shaded) return base;
      const clip = `${id}-${variantIndex}-${clips++}`;
      return (
        `${base}<clipPath id="${clip}"><path d="${d}"/></clipPath><g clip-path="url(#${clip})">` +
        (patterned ? surface(drawing.pattern ?? '', box, accent, seed) : '') +
        (shaded
          ? fill(block(x + width * 0.76, y, width * 0.24, height), paint.deep, 0.2) +
            fill(block(x + width * 0.07, y, width * 0.07, height), '#ffffff', 0.26)
          : '') +
        '</g>'
      );
    },
  };
}

function backdrop(category: Category, seed: number, flat: boolean): string {
  const [wall, shade, floor] = category.tints;
  const sheet = fill('M0 0L320 0L320 320L0 320Z', wall);
  if (flat)
    return sheet + fill(seed % 2 ? oval(160, 160, 134) : block(28, 28, 264, 264, 56), shade);
  const panel =
    seed % 3 === 0
      ? oval(160, 150, 118)
      : seed % 3 === 1
        ? block(50, 34, 220, 210, 110, 0)
        : block(38, 44, 244, 200, 40, 0);
  return sheet + fill(panel, shade) + fill('M0 236L320 236L320 320L0 320Z', floor);
}

function shadow(reach: Reach, flat: boolean, turn: number, tone: string): string {
  if (!flat) {
    const width = reach.right - reach.left;
    return fill(oval((reach.left + reach.right) / 2, FLOOR_Y, width * 0.54, 9), tone, 0.22);
  }
  const angle = (-turn * Math.PI) / 180;
  const dx = 5 * Math.cos(angle) - 9 * Math.sin(angle);
  const dy = 5 * Math.sin(angle) + 9 * Math.cos(angle);
  const paths = reach.outlines.join('');
  return `<g transform="translate(${dx} ${dy})" fill="${tone}" opacity="0.14">${paths}</g>`;
}

function picture(good: Good, variantIndex: number, category: Category, title: string): string {
  const { shape, wide = 1, tall = 1, turn = 0 } = good.drawing;
  const draw = shapes[shape];
  if (draw === undefined) throw new Error(`No shape named ${shape} for ${good.id}`);
  const reach: Reach = { left: 320, right: 0, bottom: 0, transform: '', outlines: [] };
  const art = draw(penFor(good, variantIndex, reach));
  const flat = turn !== 0 || reach.bottom < FLOOR_Y - 3 || reach.bottom > FLAT_LAY_Y;
  const pivotY = flat ? 160 : FLOOR_Y;
  const scaled = `translate(160 ${pivotY}) rotate(${turn}) scale(${wide} ${tall}) translate(-160 ${-pivotY})`;
  return (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 320" role="img">' +
    `<title>${escapeText(title)}</title>` +
    round(
      `${backdrop(category, hash(good.id), flat)}<g transform="${scaled}">` +
        `${shadow(reach, flat, turn, tones(category.tints[2]).deep)}${art}</g>`,
    ) +
    '</svg>'
  );
}

const categoryOf = (good: Good): Category => {
  const category = categories.find(({ id }) => id === good.categoryId);
  if (category === undefined) throw new Error(`No category named ${good.categoryId}`);
  return category;
};

/** Self-contained SVG of a good in one of its variants. */
export function drawGood(good: Good, variantIndex = 0, language: Language = 'en'): string {
  return picture(good, variantIndex, categoryOf(good), good.name[language]);
}

/** Self-contained SVG for the tile of a category: its cover good, titled with the category. */
export function drawCategory(category: Category, language: Language = 'en'): string {
  const cover = goods.find(({ id }) => id === category.coverGoodId);
  if (cover === undefined) throw new Error(`No cover good for ${category.id}`);
  return picture({ ...cover, id: `category-${category.id}` }, 0, category, category.name[language]);
}
