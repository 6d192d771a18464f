/**
 * Styles of the privacy panel. Light and dark follow the page's `color-scheme`, and where the page
 * names none, the shopper's own preference.
 */
export const PRIVACY_STYLE = `
:host{display:block;container-type:inline-size;max-width:var(--vitrine-privacy-width,56rem)}
:host([hidden]),[hidden]{display:none!important}
.own-scheme{color-scheme:light dark}
[part=panel],dialog{--i:var(--vitrine-ink,light-dark(#1d2622,#e7ece9));--q:var(--vitrine-quiet,light-dark(#56625c,#a5b1ab));--p:var(--vitrine-paper,light-dark(#fff,#171b19));--t:var(--vitrine-tint,light-dark(#f3f6f4,#202623));--l:var(--vitrine-line,light-dark(#d9e1dc,#38423d));--a:var(--vitrine-accent,light-dark(#1f6b52,#6fc8a6));--b:var(--vitrine-below,light-dark(#a2542c,#e59a6f));--r:var(--vitrine-radius,.75rem);color:var(--i);background:var(--p);border:1px solid var(--l);border-radius:var(--r);line-height:1.5}
[part=panel]{padding:clamp(1rem,4cqi,2rem);display:grid;gap:1.25rem}
*,:before{box-sizing:border-box}
h3,h4,p,ul,ol,dl,dd,figure{margin:0;padding:0;list-style:none;overflow-wrap:anywhere;min-width:0}
[role=heading]{font-size:1.5rem;font-weight:650;line-height:1.25}
dialog [role=heading]{font-size:1.2rem}
h3,h4{font-size:1.05rem;font-weight:600}
.quiet,dt,th{color:var(--q)}
.small,dt{font-size:.85rem}
.now{display:flex;gap:.6rem;align-items:baseline;margin-top:.5rem}
.now:before{content:"";flex:none;width:.6rem;height:.6rem;border-radius:50%;background:var(--b)}
.now.member:before{background:var(--a)}
.choices,.note{border-radius:var(--r);background:var(--t)}
.note{padding:1.25rem;color:var(--q)}
.choice{display:grid;grid-template-columns:1fr auto;gap:0 1rem;padding:.85rem 1rem}
.choice+.choice{border-top:1px solid var(--l)}
.choice>p:first-child,.member>.name,.big,b{font-weight:600}
button{font:inherit;color:inherit;background:none;border:1px solid var(--l);border-radius:2rem;padding:.45rem 1.1rem;min-height:2.75rem;cursor:pointer}
button:hover{background:var(--t)}
[aria-disabled]{cursor:default;opacity:.5}
[role=switch]{grid-area:1/2/3/3;place-self:center;width:3.5rem;min-height:2rem;padding:.25rem;display:flex;border:2px solid var(--q)}
[role=switch]:before{content:"";width:1.25rem;border-radius:50%;background:var(--q)}
[role=switch][aria-checked=true]{background:var(--a);border-color:var(--a);justify-content:end}
[role=switch][aria-checked=true]:before{background:var(--p)}
.tabs{display:flex;border-bottom:1px solid var(--l)}
[role=tab]{flex:1;border:0;border-bottom:3px solid transparent;border-radius:0;padding:.5rem .25rem;color:var(--q)}
[role=tab][aria-selected=true]{color:var(--i);font-weight:650;border-color:var(--a)}
[part=body]{display:grid;gap:1.75rem;min-height:12rem;align-content:start}
section,figure,.card,.three>*{display:grid;gap:.6rem;align-content:start;min-width:0}
dl{display:flex;flex-wrap:wrap;gap:.5rem 2.25rem}
dd{font-size:1.35rem;font-weight:600;line-height:1.3;font-variant-numeric:tabular-nums}
.small dd{font-size:.95rem;font-weight:500}
.plot{width:100%;height:4.5rem;border-bottom:1px solid var(--l)}
.ends,.title{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.25rem .75rem}
svg{display:block;fill:var(--a);stroke:var(--q);stroke-width:0}
line{stroke-width:1px}
.bar{width:100%;height:.5rem;border-radius:.25rem;overflow:hidden}
.track{fill:var(--l)}.below{fill:var(--b)}
.three,.two,.reports,.rows{display:grid;gap:1rem}
.rows{gap:.65rem}
.rows>li{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:.1rem .75rem}
.rows .bar,.rows .small{grid-column:1/-1}
.figure{color:var(--q);font-variant-numeric:tabular-nums}
.member>.figure{color:var(--a)}
.test{display:block}
.card{border:1px solid var(--l);border-radius:var(--r);padding:1rem}
.big{font-size:1.25rem;line-height:1.3}
code{font:.8rem ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.hex{display:block;min-width:9.5rem;color:var(--q)}
.badge{border:1px solid;border-radius:1rem;padding:0 .65rem;font-size:.8rem;color:var(--q)}
[data-state=sent] .badge{color:var(--a)}
[data-state=refused] .badge,[data-state=expired] .badge{color:var(--b)}
details,.card>*{min-width:0}
details>*+*{margin-top:.6rem}
summary{cursor:pointer;color:var(--a);padding:.35rem 0}
.events>li{grid-template-columns:8.5rem minmax(0,1fr)}
.scroll{overflow:auto;max-height:28rem;border-radius:.4rem;background:var(--t)}
table{border-collapse:collapse;width:100%;font-size:.85rem}
th,td{text-align:start;vertical-align:top;padding:.45rem .6rem;font-weight:400;border-bottom:1px solid var(--l)}
td:first-child{white-space:nowrap}
tbody th{min-width:8rem}
footer,.actions{display:flex;flex-wrap:wrap;gap:.75rem;align-items:center}
footer{border-top:1px solid var(--l);padding-top:1.25rem}
[part=result]{flex:1 1 16rem;min-height:1.5em}
dialog{padding:1.5rem;max-width:min(30rem,100% - 2rem)}
dialog>*+*{margin-top:1rem}
::backdrop{background:#0a100d80}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
:focus-visible{outline:2px solid var(--a);outline-offset:2px}
@container (min-width:40rem){.three{grid-template-columns:repeat(3,minmax(0,1fr));gap:2rem}.two{grid-template-columns:1fr 1fr}}
@media (forced-colors:active){[part=panel],dialog{--a:Highlight;--b:LinkText;--l:GrayText;--q:CanvasText;--p:Canvas}.now:before,[role=switch]:before,[aria-checked=true]{forced-color-adjust:none}}
`;
