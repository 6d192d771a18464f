import bags from './goods/bags.json' with { type: 'json' };
import bathCare from './goods/bath-care.json' with { type: 'json' };
import coffeeTea from './goods/coffee-tea.json' with { type: 'json' };
import deskPaper from './goods/desk-paper.json' with { type: 'json' };
import garden from './goods/garden.json' with { type: 'json' };
import kitchen from './goods/kitchen.json' with { type: 'json' };
import lighting from './goods/lighting.json' with { type: 'json' };
import outdoor from './goods/outdoor.json' with { type: 'json' };
import pantry from './goods/pantry.json' with { type: 'json' };
import table from './goods/table.json' with { type: 'json' };
import textiles from './goods/textiles.json' with { type: 'json' };
import toysGames from './goods/toys-games.json' with { type: 'json' };
import type { Good } from './types.ts';

export const goods: readonly Good[] = [
  ...coffeeTea,
  ...kitchen,
  ...table,
  ...lighting,
  ...textiles,
  ...deskPaper,
  ...bags,
  ...outdoor,
  ...garden,
  ...bathCare,
  ...toysGames,
  ...pantry,
];
