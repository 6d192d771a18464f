import type { Brand } from './types.ts';

export const brands: readonly Brand[] = [
  {
    id: 'halden-row',
    name: { en: 'Halden Row', zh: '海登街' },
    line: { en: 'Everyday wares for busy households.', zh: '为忙碌家庭做的日用器物。' },
  },
  {
    id: 'torvik',
    name: { en: 'Torvik Kiln', zh: '托维克窑' },
    line: { en: 'Stoneware thrown on a windy coast.', zh: '在多风海岸拉坯的粗陶。' },
  },
  {
    id: 'brasselow',
    name: { en: 'Brasselow', zh: '布拉斯洛' },
    line: { en: 'Metalwork for kitchen, lamp and border.', zh: '厨房、灯具与花坛的金工。' },
  },
  {
    id: 'oonamere',
    name: { en: 'Oonamere', zh: '欧娜湖' },
    line: { en: 'Cloth that softens with years.', zh: '越用越软的织物。' },
  },
  {
    id: 'pelliby',
    name: { en: 'Pelliby', zh: '佩利比' },
    line: { en: 'Soft company for small people.', zh: '小小人儿的柔软伙伴。' },
  },
  {
    id: 'quillmarsh',
    name: { en: 'Quillmarsh', zh: '羽沼' },
    line: { en: 'Paper bound the slow way.', zh: '慢工装订的纸品。' },
  },
  {
    id: 'nettlefen',
    name: { en: 'Nettlefen', zh: '荨麻洼' },
    line: { en: 'Garden sense, indoors and out.', zh: '室内室外的园艺心得。' },
  },
  {
    id: 'skarvind',
    name: { en: 'Skarvind', zh: '斯卡温' },
    line: { en: 'Light gear for rough weather.', zh: '恶劣天气里的轻装备。' },
  },
  {
    id: 'ferrowick',
    name: { en: 'Ferrowick', zh: '铁灯芯' },
    line: { en: 'Iron and steel, forged plainly.', zh: '朴素锻造的铁与钢。' },
  },
  {
    id: 'lumivar',
    name: { en: 'Lumivar', zh: '流明瓦' },
    line: { en: 'Lamps drawn with a soft pencil.', zh: '像软铅笔画出来的灯。' },
  },
  {
    id: 'dunmere',
    name: { en: 'Dunmere & Oake', zh: '邓米尔与橡' },
    line: { en: 'Leather, walnut, brass and patience.', zh: '皮革、胡桃木、黄铜与耐心。' },
  },
  {
    id: 'sorrelby',
    name: { en: 'Sorrelby', zh: '酸模村' },
    line: { en: 'From hedgerow to cupboard.', zh: '从树篱到橱柜。' },
  },
  {
    id: 'tamsin-hale',
    name: { en: 'Tamsin Hale', zh: '塔姆辛·黑尔' },
    line: { en: 'Colour, printed and woven by a small studio.', zh: '小工作室印与织的色彩。' },
  },
  {
    id: 'castelvine',
    name: { en: 'Castelvine', zh: '堡藤' },
    line: { en: 'For long tables and late lunches.', zh: '为长桌与迟到的午餐。' },
  },
  {
    id: 'ovenbird',
    name: { en: 'Ovenbird Lane', zh: '灶鸟巷' },
    line: { en: 'A bakery that also makes its tools.', zh: '一间自己做工具的烘焙坊。' },
  },
  {
    id: 'aomizu',
    name: { en: 'Aomizu Works', zh: '青水制作所' },
    line: { en: 'Quiet precision in clay and glass.', zh: '陶与玻璃中的安静精准。' },
  },
  {
    id: 'yunqiao',
    name: { en: 'Yunqiao', zh: '云樵' },
    line: { en: 'Leaves and fire from the high hills.', zh: '来自高山的叶与火。' },
  },
  {
    id: 'papaverie',
    name: { en: 'Papaverie', zh: '虞美人纸坊' },
    line: { en: 'Pictures, paper and play.', zh: '图画、纸张与玩乐。' },
  },
  {
    id: 'grizzlewood',
    name: { en: 'Grizzlewood', zh: '灰熊林' },
    line: { en: 'Wooden toys and clever rules.', zh: '木头玩具与聪明规则。' },
  },
  {
    id: 'wexlin',
    name: { en: 'Wexlin', zh: '韦克斯林' },
    line: { en: 'Work lights and honest materials.', zh: '工作照明与诚实材料。' },
  },
  {
    id: 'cinderpath',
    name: { en: 'Cinderpath', zh: '煤渣径' },
    line: { en: 'Small kit for long paths.', zh: '为长路准备的小装备。' },
  },
  {
    id: 'bramblesea',
    name: { en: 'Bramblesea', zh: '荆海' },
    line: { en: 'Salt air, cotton and soap.', zh: '海风、棉布与皂。' },
  },
  {
    id: 'velder',
    name: { en: 'Velder', zh: '维尔德' },
    line: { en: 'Bags for people who walk to work.', zh: '给步行上班的人做的包。' },
  },
  {
    id: 'otterholt',
    name: { en: 'Otterholt', zh: '水獭窝' },
    line: { en: 'Outdoor fun for the whole den.', zh: '全家一起的户外乐趣。' },
  },
  {
    id: 'solvane',
    name: { en: 'Solvane', zh: '索尔温' },
    line: { en: 'Evening light, evening rituals.', zh: '夜晚的光与仪式。' },
  },
  {
    id: 'merrowby',
    name: { en: 'Merrowby', zh: '梅罗比' },
    line: { en: 'Small-batch comforts.', zh: '小批量的慰藉。' },
  },
];
