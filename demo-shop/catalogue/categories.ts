import type { Category } from './types.ts';

export const categories: readonly Category[] = [
  {
    id: 'coffee-tea',
    name: { en: 'Coffee & Tea', zh: '咖啡与茶' },
    blurb: {
      en: 'Kettles, cones and leaves for an unhurried start.',
      zh: '壶、滤杯与好茶，从容开始一天。',
    },
    tints: ['#e9d8c3', '#f3e7d6', '#dcc4a8'],
    coverGoodId: 'enamel-stove-kettle',
  },
  {
    id: 'kitchen',
    name: { en: 'Kitchen', zh: '厨房' },
    blurb: { en: 'Tools that earn their hook on the wall.', zh: '值得挂上墙的好用家什。' },
    tints: ['#dfe3d0', '#eceede', '#c9d0b6'],
    coverGoodId: 'enamel-cocotte',
  },
  {
    id: 'table',
    name: { en: 'Table & Glass', zh: '餐桌与玻璃' },
    blurb: {
      en: 'Plates, cups and glassware for ordinary feasts.',
      zh: '盘、杯与玻璃，寻常日子的盛宴。',
    },
    tints: ['#dce6ea', '#eaf1f3', '#c4d4da'],
    coverGoodId: 'bud-vase-stoneware',
  },
  {
    id: 'lighting',
    name: { en: 'Lighting', zh: '灯光' },
    blurb: { en: 'Warm pools for dark corners.', zh: '给暗处一汪暖光。' },
    tints: ['#c3c8d9', '#d2d6e4', '#abb1c8'],
    coverGoodId: 'mushroom-table-lamp',
  },
  {
    id: 'textiles',
    name: { en: 'Textiles', zh: '家纺' },
    blurb: { en: 'Soft layers for beds, floors and sofas.', zh: '床、地板与沙发的柔软层次。' },
    tints: ['#ecd9d3', '#f5e8e3', '#ddc2b9'],
    coverGoodId: 'pleated-round-cushion',
  },
  {
    id: 'desk-paper',
    name: { en: 'Desk & Paper', zh: '书桌与纸' },
    blurb: { en: 'Good tools for slow thinking.', zh: '为慢慢思考准备的好工具。' },
    tints: ['#e9dfc2', '#f4edd8', '#d8cba3'],
    coverGoodId: 'clothbound-notebook',
  },
  {
    id: 'bags',
    name: { en: 'Bags', zh: '包袋' },
    blurb: { en: 'Made to carry and to be carried for years.', zh: '装得下，背得久。' },
    tints: ['#d5dfdb', '#e4ece9', '#bccbc5'],
    coverGoodId: 'classic-school-backpack',
  },
  {
    id: 'outdoor',
    name: { en: 'Outdoor', zh: '户外' },
    blurb: { en: 'Kit for nights out and long ways round.', zh: '为野外过夜与绕远路而备。' },
    tints: ['#d3e0cf', '#e3ecdf', '#b9ccb2'],
    coverGoodId: 'two-person-ridge-tent',
  },
  {
    id: 'garden',
    name: { en: 'Garden', zh: '园艺' },
    blurb: { en: 'For beds, balconies and sills.', zh: '花坛、阳台与窗台。' },
    tints: ['#dbe5c6', '#e9f0da', '#c3d2a6'],
    coverGoodId: 'long-reach-watering-can',
  },
  {
    id: 'bath-care',
    name: { en: 'Bath & Care', zh: '沐浴与护理' },
    blurb: { en: 'Quiet things for skin, hair and steam.', zh: '给肌肤、发丝与热气的安静之物。' },
    tints: ['#d6e4e6', '#e6f0f1', '#bdd2d5'],
    coverGoodId: 'oat-milk-soap-bar',
  },
  {
    id: 'toys-games',
    name: { en: 'Toys & Games', zh: '玩具与游戏' },
    blurb: {
      en: 'Playthings with no batteries and many afternoons.',
      zh: '不用电池，够玩许多个下午。',
    },
    tints: ['#f0dcc0', '#f8ead5', '#e2c69d'],
    coverGoodId: 'fox-plush',
  },
  {
    id: 'pantry',
    name: { en: 'Pantry', zh: '食品柜' },
    blurb: { en: 'Small batches, full shelves.', zh: '小批制作，柜中常满。' },
    tints: ['#efdccb', '#f7ebdf', '#dfc3aa'],
    coverGoodId: 'butter-shortbread-tin',
  },
];
