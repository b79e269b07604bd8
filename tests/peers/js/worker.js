// What every Worker of a JavaScript engine does with a request: the next context, as JSON, is
// read, and all flags are evaluated for it. GET answers with the number of those that are not off,
// POST with the answers themselves.
export function worker(load) {
  let engine;
  let contexts;
  let number = 0;
  return {
    fetch(request, env) {
      engine ??= load(env.FLAGS);
      contexts ??= env.CONTEXTS.split("\n");
      const context = contexts[number % contexts.length];
      number += 1;
      const evaluate = engine(JSON.parse(context));
      const answers = evaluate.keys.map(evaluate.answer);
      if (request.method === "POST") return Response.json(answers);
      return new Response(String(answers.filter(isOn).length));
    },
  };
}

function isOn(answer) {
  return answer !== "off";
}
