// GrowthBook in a page: fetches its flags, and answers once for all of them.
import { load } from "./growthbook.js";

globalThis.firstAnswers = async (flags, context) => {
  const response = await fetch(flags);
  const evaluate = load(await response.text())(context);
  return evaluate.keys.map(evaluate.answer);
};
