import { frozen, runOurs, spent } from "/work/wt/kcreate/test/golden/kubectl-parity/frozen.ts";
import { linesOf, recorded } from "/work/wt/kcreate/test/golden/kubectl-parity/transcript.ts";
let world: any; let rv = 0; let bad = 0, n = 0;
for (const list of process.argv.slice(2)) {
  const said = recorded(list);
  for (const line of linesOf(list)) {
    if (!world || spent.has(world) || world.engine.store.rv !== rv) { world = frozen(); rv = world.engine.store.rv; }
    n++;
    let ours: any;
    try { ours = runOurs(world, line); } catch (e: any) { ours = { stdout: "", stderr: "THROW " + e.stack.slice(0, 400), code: -2 }; world = undefined; }
    const real = said.get(line) as any;
    if (!real) { console.log("UNRECORDED", line); continue; }
    if (ours.stdout !== real.stdout || ours.stderr !== real.stderr || ours.code !== real.code) {
      bad++;
      console.log(`### ${line}`);
      for (const f of ["code", "stdout", "stderr"]) if (ours[f] !== real[f]) console.log(` ${f} real: ${JSON.stringify(real[f]).slice(0, 700)}\n ${f} ours: ${JSON.stringify(ours[f]).slice(0, 700)}`);
    }
  }
}
console.log(`${n - bad}/${n} equal`);
