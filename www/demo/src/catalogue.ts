/** One thing on the shelf. */
export interface Product {
  readonly slug: string;
  readonly name: string;
  readonly priceCents: number;
  readonly summary: string;
  readonly story: string;
}

export const PRODUCTS: readonly Product[] = [
  {
    slug: "lantern",
    name: "Storm lantern",
    priceCents: 5400,
    summary: "Burns eleven hours on one filling.",
    story: "Pressed steel, a glass globe that survives rain, and a wick you can trim with a knife.",
  },
  {
    slug: "mug",
    name: "Enamel mug",
    priceCents: 1200,
    summary: "Half a litre, straight from the fire.",
    story: "Two coats of enamel over steel. It will chip one day, and be better for it.",
  },
  {
    slug: "blanket",
    name: "Wool blanket",
    priceCents: 8900,
    summary: "Woven in one piece, 140 by 200 cm.",
    story: "Heavy enough for a clear night at altitude, soft enough for a sofa in November.",
  },
  {
    slug: "kettle",
    name: "Campfire kettle",
    priceCents: 3700,
    summary: "Boils in six minutes over twigs.",
    story: "A wide base, a short spout, and a bail handle that stays cool to the glove.",
  },
  {
    slug: "hatchet",
    name: "Hand hatchet",
    priceCents: 6300,
    summary: "Forged head, ash handle, 600 g.",
    story: "Splits kindling, drives pegs, and holds an edge through a whole season.",
  },
  {
    slug: "pennant",
    name: "Canvas pennant",
    priceCents: 1900,
    summary: "So that your friends find the camp.",
    story: "Waxed cotton on a brass ring: a small flag that says you are home.",
  },
];

export function findProduct(slug: string): Product | undefined {
  return PRODUCTS.find((product) => product.slug === slug);
}

export function formatPrice(cents: number): string {
  return `€${(cents / 100).toFixed(2)}`;
}
