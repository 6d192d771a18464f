/** A text in both languages of the shop. */
export interface Localised {
  readonly en: string;
  readonly zh: string;
}

/** A shelf of the shop; every good stands on exactly one. */
export interface Category {
  readonly id: string;
  readonly name: Localised;
  readonly blurb: Localised;
  /** Background tints of the pictures, hex: wall, backdrop, floor. */
  readonly tints: readonly [string, string, string];
  /** Id of the good whose picture stands for the category. */
  readonly coverGoodId: string;
}

/** A maker; all are invented. */
export interface Brand {
  readonly id: string;
  readonly name: Localised;
  readonly line: Localised;
}

/** One colour or flavour in which a good is sold. */
export interface Variant {
  readonly id: string;
  readonly name: Localised;
  /** Leading colour of the picture, hex such as `#c4623f`. */
  readonly colour: string;
}

/** Parameters of the drawn picture. */
export interface Drawing {
  /** Name of a shape function, see `shapes.ts`. */
  readonly shape: string;
  /** Accent colours, hex; the leading colour comes from the variant. */
  readonly palette: readonly string[];
  /** Build of the shape, counted from 0. */
  readonly kind?: number;
  /** Surface pattern, see `patterns.ts`. */
  readonly pattern?: string;
  /** Small emblem on labels, see `patterns.ts`. */
  readonly motif?: string;
  /** Width factor around 1. */
  readonly wide?: number;
  /** Height factor around 1. */
  readonly tall?: number;
  /** Rotation in degrees, clockwise. */
  readonly turn?: number;
}

/** Something on sale. */
export interface Good {
  /** Stable kebab-case slug, also used in addresses. */
  readonly id: string;
  readonly categoryId: string;
  readonly brandId: string;
  /** Price in euro cents. */
  readonly priceCents: number;
  readonly name: Localised;
  readonly text: Localised;
  /** Lower-case English key words, three to six. */
  readonly tags: readonly string[];
  /** One to four; the first is shown by default. */
  readonly variants: readonly Variant[];
  readonly drawing: Drawing;
}
