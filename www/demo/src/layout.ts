import { html } from "./html.ts";
import type { Html } from "./html.ts";

/** What every page shows around its own content. */
export interface Frame {
  readonly title: string;
  readonly items: number;
  /** The `Bandera-Variants` header as this server received it. */
  readonly variants: string | null;
}

export function page(frame: Frame, content: Html): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${frame.title} · Lumbre</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/shop.css">
<script src="/bandera/v1/bandera.js" defer></script>
<script src="/shop.js" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header class="top">
<a class="brand" href="/"><img src="/icon.svg" alt="" width="28" height="28">Lumbre</a>
<nav aria-label="Shop">
<a href="/">Goods</a>
<a href="/collection">Collection</a>
<a href="/cart">Cart <span class="count">${frame.items}</span></a>
</nav>
</header>
<main id="content">
${content}
</main>
<footer>
<p>Lumbre is a demonstration shop. Nothing is for sale and nothing is charged.</p>
${seenByServer(frame.variants)}
</footer>
</body>
</html>
`;
}

/** The shop's one window on the edge: the header that reached this server. */
function seenByServer(variants: string | null): Html {
  return html`<details class="seen">
<summary>What this server was told</summary>
<dl>
<dt><code>Bandera-Variants</code></dt>
<dd><code id="seen-variants">${variants ?? "(no header)"}</code></dd>
</dl>
</details>`;
}
