/**
 * Sandboxes made by people whom nobody knew, on workerd itself, over HTTP on loopback: `node test/bench/creations.ts COUNT [DIR]`, DIR
 * being another checkout. Prints JSON.
 */
import { makeSandbox } from "../helpers/sandbox.ts";
import { withHostedServer, root } from "./hosted-server.ts";
import { ask, rate, type Rate } from "./load.ts";

export interface Created {
  /** Many at a time. */
  creation: Rate;
  /** Of the runtime's process: D1 and all threads included. */
  cpuMsEach: number | undefined;
  /** From the request that makes a sandbox to the answer that lists its nodes, one after the other. */
  firstNodes: Rate;
}

const atOnce = 16;

const [count = "300", directory = root] = process.argv.slice(2);
const created = await withHostedServer(directory, async ({ url, cpuMs }): Promise<Created> => {
  const make = (): Promise<unknown> => makeSandbox(url, { nodes: 3 });
  // What is compiled by then is not measured.
  await rate(60, atOnce, make);
  const before = cpuMs();
  const creation = await rate(Number(count), atOnce, make);
  const after = cpuMs();
  // `rate` makes twenty more to begin with.
  const cpuMsEach =
    before === undefined || after === undefined
      ? undefined
      : (after - before) / (Number(count) + 20);
  const firstNodes = await rate(60, 1, async () => {
    const { apiServer } = await makeSandbox(url, { nodes: 3 });
    await ask("GET", `${apiServer}/api/v1/nodes`);
  });
  return { creation, cpuMsEach, firstNodes };
});
console.log(JSON.stringify(created));
process.exit(0);
