/** The campaign of the home page: two ways to say the same, one of which each browser is shown. */
import type { Localised } from './types.ts';

export interface Arm {
  readonly id: string;
  readonly title: Localised;
  readonly text: Localised;
}

export const campaign = {
  id: 'evening-light',
  href: '/shelf/lighting',
  /** Pictures beside the words. */
  goodIds: ['mushroom-table-lamp', 'paper-globe-pendant', 'globe-string-lights'],
  arms: [
    {
      id: 'glow',
      title: { en: 'The evenings are drawing in.', zh: '天黑得越来越早了。' },
      text: {
        en: 'One warm lamp in the right corner, and the room stays open a little longer.',
        zh: '在对的角落点一盏暖灯，屋子就能多亮一会儿。',
      },
    },
    {
      id: 'price',
      title: { en: 'Good light from €12.50.', zh: '好灯光，12.50 欧元起。' },
      text: {
        en: 'Twenty lamps and lanterns, from a single filament bulb to a wide arc over the sofa.',
        zh: '二十款灯具，从一只灯丝灯泡到沙发上方的大弧灯。',
      },
    },
  ] satisfies readonly Arm[],
} as const;
