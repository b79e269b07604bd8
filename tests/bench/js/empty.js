// The least a JavaScript Worker can do; the floor that the empty wasm Worker is compared with.
export default {
  fetch() {
    return new Response("0");
  },
};
