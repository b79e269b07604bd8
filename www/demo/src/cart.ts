import { findProduct } from "./catalogue.ts";
import type { Product } from "./catalogue.ts";

const COOKIE = "cart";
const QUANTITY_MAX = 9;

export interface CartLine {
  readonly product: Product;
  readonly quantity: number;
}

/** What a visitor means to buy; it lives in one cookie, `mug.2-lantern.1`. */
export type Cart = readonly CartLine[];

export function readCart(cookieHeader: string | null): Cart {
  const cookies = (cookieHeader ?? "").split(";").map((pair) => pair.trim());
  const stored = cookies.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1);
  return (stored ?? "").split("-").flatMap((entry) => {
    const [slug = "", count = ""] = entry.split(".");
    const product = findProduct(slug);
    const quantity = Number.parseInt(count, 10);
    return product !== undefined && quantity >= 1 && quantity <= QUANTITY_MAX
      ? [{ product, quantity }]
      : [];
  });
}

export function withProduct(cart: Cart, product: Product): Cart {
  const present = cart.some((line) => line.product.slug === product.slug);
  if (!present) return [...cart, { product, quantity: 1 }];
  return cart.map((line) =>
    line.product.slug === product.slug
      ? { product, quantity: Math.min(line.quantity + 1, QUANTITY_MAX) }
      : line,
  );
}

export function totalCents(cart: Cart): number {
  return cart.reduce((sum, line) => sum + line.product.priceCents * line.quantity, 0);
}

export function countItems(cart: Cart): number {
  return cart.reduce((sum, line) => sum + line.quantity, 0);
}

/** The `Set-Cookie` value that keeps the cart; an empty cart removes it. */
export function cartCookie(cart: Cart): string {
  const entries = cart.map((line) => `${line.product.slug}.${line.quantity}`).join("-");
  const lifetime = entries === "" ? 0 : 7 * 24 * 60 * 60;
  return `${COOKIE}=${entries}; Path=/; Max-Age=${lifetime}; HttpOnly; SameSite=Lax`;
}
