/** Browsers outside that open hosts of Gateways: each is told, or not, while the cluster changes. */
import type { ProxyPending, Reply } from "../../durable-objects/engine/ports/request.ts";
import type { KubeObject } from "../../durable-objects/engine/core/object.ts";
import type { Simulation } from "./simulation.ts";
import { namespace } from "./operations/targets.ts";

/** A request to a port of a Gateway. */
export interface Asked {
  name: string;
  port: number;
  host: string;
  path: string;
}

export interface Visit extends Asked {
  /** Endpoint slices, routes and Gateways when it was sent. */
  then: ReadonlyMap<string, KubeObject>;
}

export class Visits {
  readonly #sim: Simulation;
  #waiting: { visit: Visit; pending: ProxyPending }[] = [];

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  ask(asked: Asked): void {
    const { name, port, host, path } = asked;
    const gateway = { namespace, name, port, host };
    // What is due comes before it, and is then seen.
    this.#sim.slipNow();
    this.#sim.run();
    const visit = { ...asked, then: new Map(this.#sim.shadow) };
    const reply = this.#sim.raw("GET", path, undefined, { edge: { preview: { gateway } } });
    if (reply.type === "pending") this.#waiting.push({ visit, pending: reply });
    else this.#tell(visit, reply as Reply);
  }

  /** After a turn, as the object does. */
  read(): void {
    this.#waiting = this.#waiting.filter(({ visit, pending }) => {
      const reply = this.#sim.pollProxy(pending);
      if (reply) this.#tell(visit, reply);
      return !reply;
    });
  }

  #tell(visit: Visit, { status, body }: Reply): void {
    const text = typeof body === "string" ? body : new TextDecoder().decode(body);
    this.#sim.say(`  ${visit.name}:${visit.port} ${visit.host}${visit.path} -> ${status}`);
    this.#sim.look("visit", { visit, status, body: text });
  }
}
