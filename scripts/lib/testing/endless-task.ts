/** A task whose program has one of its own and takes no hint; `owned.test.ts` ends it. */

import { main } from "../progress.ts";
import { run } from "../run.ts";

const program = `trap '' TERM
sleep 600 &
echo '{"leader": '$$'}' > "$BANDERA_NOTE.new"
mv "$BANDERA_NOTE.new" "$BANDERA_NOTE"
wait`;

await main(() => run("sh", ["-c", program]));
