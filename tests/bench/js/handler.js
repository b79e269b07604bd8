// The engine behind the least JavaScript: one crossing a request, the context as JSON text.
import { Engine } from "./index.js";

let engine;
let contexts;
let number = 0;

export default {
  fetch(request, env) {
    engine ??= new Engine(new Uint8Array(env.FLAGS));
    contexts ??= env.CONTEXTS.split("\n");
    const context = contexts[number % contexts.length];
    number += 1;
    if (request.method === "POST") return new Response(engine.answers(context));
    return new Response(String(engine.served(context)));
  },
};
