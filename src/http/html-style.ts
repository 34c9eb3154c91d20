/** The one style sheet, inside of every page. Colours keep a contrast of 4.5 : 1 or more (WCAG 2.2, AA) in both schemes. */
export const STYLE = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2027; --soft: #59616e; --line: #dde1e7 }
@media (prefers-color-scheme: dark) { :root { --paper: #15181d; --ink: #e7e9ed; --soft: #a4adba; --line: #363c46 } }
* { box-sizing: border-box; margin: 0 }
html { background: var(--paper); color: var(--ink); font: 1.0625rem/1.6 system-ui, sans-serif; text-size-adjust: 100%;
  -webkit-text-size-adjust: 100% }
body { max-width: 42rem; margin: 0 auto; padding: clamp(1.5rem, 6vw, 4rem) 1.25rem; overflow-wrap: anywhere }
h1 { font-size: clamp(1.75rem, 6vw, 2.5rem); line-height: 1.2; text-wrap: balance }
h2 { font-size: 1.25rem; line-height: 1.3; margin: 2.5rem 0 .75rem; padding-top: 1.5rem; border-top: 1px solid var(--line) }
header { margin-bottom: 2rem }
.soft, dt, th { color: var(--soft) }
.soft { font-size: .9375rem }
header .soft { margin-top: .5rem }
dl, ul, ol, table { margin: 0; padding: 0 }
dl > div + div, li + li { margin-top: .75rem }
dt { font-size: .875rem; line-height: 1.4 }
dd { margin: 0 }
dd > dl, dd > ol, li > dl, li > ul { margin-top: .5rem; padding-left: 1rem; border-left: 2px solid var(--line) }
ul { padding-left: 1.25rem }
ol { padding-left: 1.75rem }
p + .soft, table + .soft, dl + .soft, ol + .soft, ul + .soft { margin-top: 1rem }
li > dl { margin-top: 0 }
ul > li + li { margin-top: .25rem }
li::marker { color: var(--soft) }
.text { white-space: pre-wrap }
table { width: 100%; border-collapse: collapse }
th, td { padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line); text-align: start; vertical-align: top }
th { font-size: .875rem; font-weight: normal }
`;
