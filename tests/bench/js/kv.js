// What an edge finds in KV, by the runtime's own protocol: a value, or a bulk of texts. Everything
// else that the edge hands to a service here is taken and forgotten.
export default {
  async fetch(request, env) {
    const path = decodeURIComponent(new URL(request.url).pathname.slice(1));
    if (path === "bulk/get") {
      const { keys } = await request.json();
      return Response.json(Object.fromEntries(keys.map((key) => [key, env.TEXTS[key] ?? null])));
    }
    if (path === env.BUNDLE_KEY) return new Response(env.BUNDLE);
    return new Response(null, { status: request.method === "POST" ? 200 : 404 });
  },
};
