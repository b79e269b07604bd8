// Puts texts into the queue of events as they are, all at once, whoever has written them.

export default {
  async fetch(request, env) {
    const texts = await request.json();
    await env.EVENTS.sendBatch(texts.map((body) => ({ body, contentType: "text" })));
    return new Response("taken");
  },
};
