import { cartCookie, countItems, readCart, withProduct } from "./cart.ts";
import { findProduct } from "./catalogue.ts";
import type { Html } from "./html.ts";
import { page } from "./layout.ts";
import * as pages from "./pages.ts";

const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

interface View {
  readonly title: string;
  readonly content: Html;
  readonly status?: number;
}

function viewOf(path: string, request: Request): View {
  const slug = path.startsWith("/p/") ? path.slice("/p/".length) : "";
  const item = findProduct(slug);
  if (item !== undefined) return { title: item.name, content: pages.product(item) };
  switch (path) {
    case "/":
      return { title: "Goods", content: pages.home() };
    case "/cart":
      return { title: "Cart", content: pages.cart(readCart(request.headers.get("cookie"))) };
    case "/thanks":
      return { title: "Thank you", content: pages.thanks() };
    case "/collection":
      return { title: "Collection", content: pages.collection() };
    case "/lookbook":
      return { title: "Lookbook", content: pages.lookbook() };
    default:
      return { title: "Nothing here", content: pages.notFound(), status: 404 };
  }
}

function show(path: string, request: Request): Response {
  const view = viewOf(path, request);
  const frame = {
    title: view.title,
    items: countItems(readCart(request.headers.get("cookie"))),
    variants: request.headers.get("bandera-variants"),
  };
  return new Response(page(frame, view.content).text, {
    status: view.status ?? 200,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "private, no-cache",
      "content-security-policy": POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "same-origin",
    },
  });
}

function seeOther(location: string, cookie: string): Response {
  return new Response(null, { status: 303, headers: { location, "set-cookie": cookie } });
}

async function addToCart(request: Request): Promise<Response> {
  const slug = (await request.formData()).get("slug");
  const item = typeof slug === "string" ? findProduct(slug) : undefined;
  if (item === undefined) return new Response("No such thing.", { status: 400 });
  const cart = withProduct(readCart(request.headers.get("cookie")), item);
  return seeOther("/cart", cartCookie(cart));
}

/** The shop has no till: an order only empties the cart. */
function placeOrder(): Response {
  return seeOther("/thanks", cartCookie([]));
}

async function respond(request: Request): Promise<Response> {
  const path = new URL(request.url).pathname;
  const action = `${request.method} ${path}`;
  if (action === "POST /cart") return addToCart(request);
  if (action === "POST /checkout") return placeOrder();
  if (request.method === "GET" || request.method === "HEAD") return show(path, request);
  return new Response("Method not allowed.", { status: 405, headers: { allow: "GET, HEAD" } });
}

export default { fetch: respond };
