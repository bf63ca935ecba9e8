/** Own colours come in by `--paceline-*`; the page's rules reach the parts by `::part()`. */
export const NOTICE_STYLE = `
:host{all:initial;color-scheme:inherit;--b:light-dark(#fff,#1d2127);--t:light-dark(#22272e,#e9ecf0);--m:var(--paceline-muted,light-dark(#59636e,#a3acb7));--l:light-dark(#dfe3e8,#363c45)}
.info{--c:light-dark(#2f6fbb,#79b0f2)}
.warning{--c:light-dark(#a86100,#eab04e)}
.critical{--c:light-dark(#bb3527,#f58f80)}
.resolved{--c:light-dark(#23794a,#6fcb95)}
@supports not (color:light-dark(red,red)){:host{--b:#fff;--t:#22272e;--m:var(--paceline-muted,#59636e);--l:#dfe3e8}.card.card{--c:#a86100}}
.card{--a:var(--paceline-accent,var(--c));position:fixed;inset:var(--paceline-inset,16px 16px auto auto);z-index:var(--paceline-layer,2147483000);box-sizing:border-box;width:min(25rem,calc(100vw - 32px));max-height:calc(100vh - 32px);overflow:auto;padding:16px 52px 14px 20px;border:1px solid var(--paceline-line,var(--l));border-radius:var(--paceline-radius,14px);background:var(--paceline-background,var(--b));color:var(--paceline-text,var(--t));box-shadow:0 1px 2px #0000000f,0 12px 32px #0000001f;font:var(--paceline-font,400 14px/1.5 system-ui,sans-serif)}
.bare{position:absolute;width:1px;height:1px;padding:0;border:0;overflow:hidden;clip-path:inset(50%);box-shadow:none}
.bare>:not([role]){display:none}
@media(prefers-reduced-motion:no-preference){.card{transition:opacity .25s,transform .25s}@starting-style{.card:not(.bare){opacity:0;transform:translateY(-8px)}}}
p,dl,dt,dd{margin:0}
.card [hidden]{display:none}
.symptom{position:relative;font-weight:600;font-size:15px;line-height:1.4;text-wrap:pretty;padding-inline-start:20px}
.symptom::before{content:"";position:absolute;inset:.35em auto auto 0;width:10px;height:10px;border-radius:50%;background:var(--a);box-shadow:0 0 0 3px color-mix(in srgb,var(--a) 22%,transparent)}
dl,.links,.news,.stale{padding-inline-start:20px}
dl{display:grid;gap:6px;margin-top:8px}
dt,.news{color:var(--m);font-size:12.5px}
.news,.links{margin-top:10px}
.stale{margin-top:8px;font-weight:500;color:var(--a)}
.links{display:flex;flex-wrap:wrap;gap:4px 16px}
a{color:inherit;font-weight:500;text-underline-offset:3px;line-height:28px}
button{all:unset;position:absolute;inset:4px 4px auto auto;width:44px;height:44px;border-radius:12px;cursor:pointer;color:var(--m)}
button::before,button::after{content:"";position:absolute;inset:21px 15px;height:2px;border-radius:1px;background:currentColor;rotate:45deg}
button::after{rotate:-45deg}
button:hover{color:inherit;background:color-mix(in srgb,currentColor 8%,transparent)}
a:focus-visible,button:focus-visible{outline:2px solid var(--a);outline-offset:-4px}
a:focus-visible{outline-offset:2px;border-radius:2px}
@media(forced-colors:active){.symptom::before{background:CanvasText}}
`
