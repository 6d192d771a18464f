/** One product has many names: SKU, number, address. Which of them are the same, and which is used. */

const MAX_NAMES = 5000;

interface Family {
  best: string;
  rank: number;
}

/** How much a name is to be trusted as the shop's own: what it tracks, what it pushes, its pages. */
export const RANKS = { page: 0, theme: 0, mark: 1, layer: 2, call: 3 } as const;

export class Names {
  #families = new Map<string, Family>();
  #titles = new Map<string, string>();

  /**
   * The first is a product's name, the others are what else it is called; one that several products
   * share is the latest's.
   */
  learn(names: readonly string[], rank: number): void {
    const [first] = names;
    if (first === undefined) return;
    if (this.#families.size > MAX_NAMES) this.#families = new Map();
    const family = this.#families.get(first) ?? { best: first, rank };
    for (const name of names) {
      const known = this.#families.get(name);
      if (name === first || known === undefined || known.rank <= rank)
        this.#families.set(name, family);
    }
  }

  /** `better` is what the shop itself calls the product of that name. */
  prefer(better: string, name: string, rank: number): void {
    const family = this.#families.get(name) ?? { best: name, rank: -1 };
    if (rank >= family.rank) Object.assign(family, { best: better, rank });
    this.#families.set(name, family).set(better, family);
  }

  title(name: string, title: unknown): void {
    if (typeof title !== 'string') return;
    if (this.#titles.size > MAX_NAMES) this.#titles = new Map();
    this.#titles.set(name, title.trim().toLowerCase());
  }

  titleOf(name: string): string | undefined {
    return this.#titles.get(name);
  }

  /** The name that is used for it, itself when nothing is known. */
  of(name: string): string {
    return this.#families.get(name)?.best ?? name;
  }

  /** Of several names of one product the one that the shop itself uses, else the first. */
  among(names: readonly string[]): string | undefined {
    const ranks = names.map((name) => this.#families.get(name)?.rank ?? -1);
    const best = names[ranks.indexOf(Math.max(...ranks))];
    return best === undefined ? undefined : this.of(best);
  }

  same(a: string, b: string): boolean {
    if (this.of(a) === this.of(b)) return true;
    const title = this.#titles.get(a);
    return title !== undefined && title === this.#titles.get(b);
  }
}
