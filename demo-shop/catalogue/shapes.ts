import type { Shape } from './pen.ts';
import { brewShapes } from './shapes-brew.ts';
import { campShapes } from './shapes-camp.ts';
import { careShapes } from './shapes-care.ts';
import { carryShapes } from './shapes-carry.ts';
import { clothShapes } from './shapes-cloth.ts';
import { deskShapes } from './shapes-desk.ts';
import { gameShapes } from './shapes-games.ts';
import { gardenShapes } from './shapes-garden.ts';
import { kitchenShapes } from './shapes-kitchen.ts';
import { lightShapes } from './shapes-light.ts';
import { packShapes } from './shapes-packs.ts';
import { tableShapes } from './shapes-table.ts';
import { toyShapes } from './shapes-toys.ts';

export const shapes: Readonly<Record<string, Shape>> = {
  ...brewShapes,
  ...campShapes,
  ...careShapes,
  ...carryShapes,
  ...clothShapes,
  ...deskShapes,
  ...gameShapes,
  ...gardenShapes,
  ...kitchenShapes,
  ...lightShapes,
  ...packShapes,
  ...tableShapes,
  ...toyShapes,
};
