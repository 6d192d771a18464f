/** Which column says what: the names of the usual exports, and those of shops that write their own. */

export type Field = keyof typeof NAMES;

/**
 * Spelled as `plainName` leaves them; of several the first that a row fills counts. Google Merchant
 * Center's product data specification, Shopify's and WooCommerce's product exports, schema.org.
 */
const NAMES = {
  id: `id gid itemid productid articleid offerid uniqueid handle urlhandle sku variantsku
    productcode itemnumber ref reference référence artikelnummer artikelnr artnr bestellnummer
    codice codigo código codigoproducto артикул код 商品编号 商品id 编号 商品编码 货号 商品番号 商品コード
    商品管理番号 상품코드 상품번호 المعرف معرف رمزالمنتج رقمالمنتج gtin mpn identifier`,
  group: 'itemgroupid groupid parentid parent inproductgroupwithid productgroupid parentsku',
  title: `title name productname itemname productname producttitle itemtitle titel bezeichnung
    artikelbezeichnung artikelname produktname nom titre libelle libellé designation désignation
    nombre titulo título nome titolo nomeprodotto название наименование naam tytuł nazwa ad ürünadı
    标题 名称 商品名称 商品标题 品名 商品名 名前 상품명 제목 العنوان الاسم اسمالمنتج اسم`,
  description: `description bodyhtml body productdescription longdescription beschreibung
    produktbeschreibung langbeschreibung descripción descripcion descrizione descrição opis описание
    omschrijving 描述 商品描述 详情 商品详情 説明 商品説明 설명 상품설명 الوصف وصف`,
  short: 'shortdescription kurzbeschreibung excerpt summary 短描述 简介 卖点',
  brand: `brand brands vendor manufacturer marke hersteller marque fabricant marca fabricante
    produttore бренд производитель merk marka 品牌 厂商 ブランド メーカー 브랜드 العلامةالتجارية الماركة علامة`,
  category: `producttype category categories productcategory type kategorie kategorien warengruppe
    catégorie categorie catégories categoría categoria categorías rubrik категория categorii
    kategoria kategori 分类 类目 商品分类 品类 カテゴリ カテゴリー 카테고리 الفئة القسم التصنيف
    googleproductcategory`,
  price: `price variantprice regularprice preis verkaufspreis bruttopreis prix precio
    prezzo preço preco цена prijs cena fiyat 价格 售价 单价 商品价格 原价 価格 販売価格 가격 판매가 السعر سعر
    lowprice amount`,
  sale: `saleprice angebotspreis sonderpreis prixpromo preciooferta prezzoscontato 促销价 活动价 特价
    セール価格 할인가 سعرالتخفيض`,
  saleDates: 'salepriceeffectivedate',
  cents: 'pricecents',
  currency: 'currency pricecurrency währung devise moneda valuta валюта 币种 货币 通貨 통화 العملة',
  url: `link url producturl producturls canonicallink canonicalurl permalink produktlink deeplink
    lien enlace ссылка 链接 商品链接 商品url 网址 リンク 상품링크 الرابط رابط`,
  image: `imagelink image imageurl images imagesrc productimageurl picture featuredimage bild bildurl
    bildlink lienimage imagen immagine imagem изображение картинка afbeelding 图片 主图 图片链接 图片地址
    商品图片 画像 画像url 이미지 الصورة صورة رابطالصورة`,
  availability: `availability instock available stockstatus verfügbarkeit disponibilité
    disponibilidad disponibilità наличие 库存状态 有货 التوفر`,
  status: 'status published visibilityincatalog',
  attributes: 'attributes',
  vector: 'imagevector',
} as const;

const FIELD_OF: ReadonlyMap<string, readonly [Field, number]> = new Map(
  (Object.entries(NAMES) as [Field, string][]).flatMap(([field, names]) =>
    names.split(/\s+/).map((name, rank) => [plainName(name), [field, rank] as const] as const),
  ),
);

/** Letters and digits of a name, lower case, without Google's prefix: "g:item_group_id". */
export function plainName(name: string): string {
  return name
    .replace(/^\ufeff/, '')
    .trim()
    .replace(/^[gc]:/i, '')
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]/gu, '');
}

/** What a row says, by field; raw values as the format gives them. */
export type Fields = ReadonlyMap<Field, unknown>;

const isFilled = (value: unknown): boolean =>
  value !== undefined && value !== null && !(typeof value === 'string' && value.trim() === '');

/**
 * @param entries of the row, by the names that the feed has
 * @param idName the column that is the id, in place of the usual ones
 */
export function fieldsOf(
  entries: Iterable<readonly [string, unknown]>,
  idName: string | null = null,
): Fields {
  const found = new Map<Field, { readonly rank: number; readonly value: unknown }>();
  const wanted = idName === null ? null : plainName(idName);
  for (const [name, value] of entries) {
    // JSON-LD's own keywords: @type, @id.
    if (!isFilled(value) || name.startsWith('@')) continue;
    const plain = plainName(name);
    if (plain === wanted) found.set('id', { rank: -1, value });
    const [field, rank] = FIELD_OF.get(plain) ?? [null, 0];
    if (field === null || (field === 'id' && wanted !== null)) continue;
    if (rank < (found.get(field)?.rank ?? Number.POSITIVE_INFINITY)) {
      found.set(field, { rank, value });
    }
  }
  return new Map([...found].map(([field, { value }]) => [field, value]));
}

/** Whether any of these names says what a good is called or numbered. */
export function isHeader(names: readonly string[], idName: string | null): boolean {
  const fields = fieldsOf(
    names.map((name) => [name, 1] as const),
    idName,
  );
  return fields.has('id') && (fields.has('title') || fields.has('description'));
}
