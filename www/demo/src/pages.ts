import { totalCents } from "./cart.ts";
import type { Cart, CartLine } from "./cart.ts";
import { PRODUCTS, formatPrice } from "./catalogue.ts";
import type { Product } from "./catalogue.ts";
import { html } from "./html.ts";
import type { Html } from "./html.ts";

export function home(): Html {
  return html`<section class="hero">
<h1 class="hero-title">Goods for evenings by the fire</h1>
<p class="lead">Six things that last, made by people who use them.</p>
<p class="shipping-note">Shipping is €6.00 anywhere in Europe.</p>
</section>
<h2 class="visually-hidden">All goods</h2>
<ul class="products" data-columns="3">
${PRODUCTS.map(card)}
</ul>`;
}

function card(product: Product): Html {
  return html`<li class="card">
<a href="/p/${product.slug}">
<img src="/art/${product.slug}.svg" alt="" width="320" height="240">
<span class="name">${product.name}</span>
<span class="summary">${product.summary}</span>
<span class="price">${formatPrice(product.priceCents)}</span>
</a>
</li>`;
}

export function product(item: Product): Html {
  return html`<article class="product">
<img src="/art/${item.slug}.svg" alt="${item.name}" width="480" height="360">
<div>
<h1>${item.name}</h1>
<p class="lead">${item.summary}</p>
<p>${item.story}</p>
<p class="price">${formatPrice(item.priceCents)}</p>
<form method="post" action="/cart">
<input type="hidden" name="slug" value="${item.slug}">
<button class="buy" type="submit">Add to cart</button>
</form>
<p class="shipping-note">Shipping is €6.00 anywhere in Europe.</p>
</div>
</article>`;
}

export function cart(contents: Cart): Html {
  if (contents.length === 0) {
    return html`<h1>Your cart is empty</h1>
<p><a class="quiet" href="/">Back to the goods</a></p>`;
  }
  return html`<h1>Your cart</h1>
<table class="cart">
<thead><tr><th scope="col">Thing</th><th scope="col">Pieces</th><th scope="col">Price</th></tr></thead>
<tbody>
${contents.map(cartRow)}
</tbody>
<tfoot><tr><th scope="row" colspan="2">Total</th><td>${formatPrice(totalCents(contents))}</td></tr></tfoot>
</table>
<p class="shipping-note">Shipping is €6.00 anywhere in Europe.</p>
<form class="checkout" method="post" action="/checkout" data-reward="purchase">
<button class="purchase" type="submit">Place order</button>
</form>`;
}

function cartRow(line: CartLine): Html {
  return html`<tr>
<td><a href="/p/${line.product.slug}">${line.product.name}</a></td>
<td>${line.quantity}</td>
<td>${formatPrice(line.product.priceCents * line.quantity)}</td>
</tr>`;
}

export function thanks(): Html {
  return html`<h1>Thank you</h1>
<p class="lead">Your order is on its way, in spirit.</p>
<p><a class="quiet" href="/">Back to the goods</a></p>`;
}

export function collection(): Html {
  return html`<h1>The collection</h1>
<p class="lead">Everything we make, in the order we began to make it.</p>
<ol class="plain">
${PRODUCTS.map((item) => html`<li><a href="/p/${item.slug}">${item.name}</a></li>`)}
</ol>`;
}

export function lookbook(): Html {
  return html`<h1>The lookbook</h1>
<p class="lead">One evening, from the first spark to the last ember.</p>
<ul class="looks">
${PRODUCTS.slice(0, 3).map(
  (item) => html`<li><figure>
<img src="/art/${item.slug}.svg" alt="" width="480" height="360" loading="lazy">
<figcaption>${item.story} <a href="/p/${item.slug}">${item.name}</a></figcaption>
</figure></li>`,
)}
</ul>`;
}

export function notFound(): Html {
  return html`<h1>Nothing here</h1>
<p><a class="quiet" href="/">Back to the goods</a></p>`;
}
