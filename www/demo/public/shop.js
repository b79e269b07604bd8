// @ts-check
// The shop's whole script: an order is a purchase, and whoever measures may count it.
// Without scripts the form works all the same.

document.querySelector("form[data-reward]")?.addEventListener("submit", (event) => {
  const metric = event.currentTarget instanceof HTMLElement && event.currentTarget.dataset.reward;
  if (metric) globalThis.bandera?.reward(metric, 1);
});
