/**
 * Styles of the shelf. Colours come from the page's own text colour, so that a shelf fits a light
 * and a dark page alike; every line of a card has its height reserved.
 */
export const SHELF_STYLE = `
:host{display:block;min-height:var(--vitrine-shelf-min-height,auto);--w:var(--vitrine-shelf-card-width,11rem);--r:var(--vitrine-shelf-radius,.75rem);--q:color-mix(in srgb,currentColor 68%,transparent);--t:color-mix(in srgb,currentColor 8%,transparent)}
:host([hidden]),[hidden]{display:none}
section,section>div{display:grid;gap:.75rem;min-width:0}
section>div>*{grid-area:1/1;min-width:0}
div>slot{display:block}
[part=heading]{font-size:var(--vitrine-shelf-heading-size,1.25rem);font-weight:600;line-height:1.3;}
ul{list-style:none;margin:-4px;padding:4px 4px .75rem;display:grid;gap:var(--vitrine-shelf-gap,1rem);grid-auto-flow:column;grid-auto-columns:var(--w);overflow-x:auto;scroll-snap-type:x proximity;scroll-padding:4px;scrollbar-width:thin;scrollbar-color:var(--q) transparent}
[data-layout=grid] ul{grid-auto-flow:row;grid-template-columns:repeat(auto-fill,minmax(min(var(--w),100%),1fr));overflow:visible}
li{min-width:0;scroll-snap-align:start;min-height:var(--vitrine-shelf-card-height,0)}
[data-state=ready] .blank{visibility:hidden}
[data-state=ready][data-layout=row] .blank{display:none}
[part=link]{display:grid;grid-template-rows:auto 1.4rem 2.6rem 1.5rem;gap:.15rem;color:inherit;text-decoration:none;border-radius:var(--r)}
[part=media]{aspect-ratio:var(--vitrine-shelf-image-ratio,1);background:var(--t);border-radius:var(--r);overflow:hidden;margin-bottom:.45rem}
[part=image]{display:block;width:100%;height:100%;object-fit:cover}
[part=brand],[part=price]{font-size:.8rem;line-height:1.4rem;color:var(--q);white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
[part=title],[part=price]{font-size:.95rem}
[part=title]{line-height:1.3rem;display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;overflow:hidden;overflow-wrap:anywhere}
[part=price]{line-height:1.5rem;font-weight:600;font-variant-numeric:tabular-nums;color:inherit}
a:hover [part=title]{text-decoration:underline}
a:focus-visible{outline:2px solid var(--vitrine-accent,currentColor);outline-offset:2px}
.bone{animation:b 1.6s ease-in-out infinite alternate}
.bone:not([part=media]){background:var(--t);border-radius:.3rem;margin:.25rem 40% .25rem 0}
@keyframes b{to{opacity:.45}}
[part=empty]{margin:0;place-self:center;color:var(--q)}
[data-fallback][data-state=loading] ul,[data-state=fallback] ul,[data-state=empty] ul,section:is([data-state=ready],[data-state=empty]) slot:not([name]){visibility:hidden}
@media (prefers-reduced-motion:reduce){.bone{animation:none}}
@media (forced-colors:active){[part=media]{border:1px solid}}
`;
