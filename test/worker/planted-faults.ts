import { serviceAccountController } from "../../durable-objects/engine/controllers/service-account/service-account.ts";
import { imageCatalog } from "../../durable-objects/engine/images/index.ts";
import type { Program } from "../../durable-objects/engine/runtime/kernel/types.ts";

/** Podyard with two planted faults: a program and a reconcile that never return. */

export { default, SandboxObject } from "../../worker/local.ts";

const hang = (): void => {
  console.log("a planted fault hangs");
  for (;;);
};

const table = imageCatalog.programs;
const sleep = table.get("sleep") as Program;
table.set("sleep", {
  ...sleep,
  step(sys, state) {
    if (sys.argv.includes("4321")) hang();
    return sleep.step(sys, state);
  },
});

const { reconcile } = serviceAccountController;
serviceAccountController.reconcile = (key, client) => {
  if (key.startsWith("planted-hang")) hang();
  return reconcile(key, client);
};
