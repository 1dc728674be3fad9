/** kubectl certificate approve, deny. k8s: kubectl/pkg/cmd/certificates/certificates.go */
import { now } from "../asks.ts";
import { rfc3339 } from "../../core/clock.ts";
import { goQuote } from "../../machinery/field.ts";
import type { Command, Kubectl } from "../command.ts";
import { Failure, isNotFound, isReason } from "../errors.ts";
import { fileOptions, hasFiles } from "../files.ts";
import { printerOf } from "../printers/index.ts";
import type { Info } from "../result.ts";
import type { KubeObject } from "../objects.ts";
import type { Work } from "../work.ts";

interface Asked {
  status?: { conditions?: { type: string }[] };
}

interface Condition {
  type: "Approved" | "Denied";
  not: "Approved" | "Denied";
  reason: string;
  message: string;
}

function* modify(k: Kubectl, info: Info, condition: Condition): Work<void> {
  const { type, reason, message, not } = condition;
  const { kind, group } = info.type;
  if (kind !== "CertificateSigningRequest" || group !== "certificates.k8s.io")
    throw new Failure(
      `can only handle CertificateSigningRequest.certificates.k8s.io objects, got ${group ? `${kind}.${group}` : kind}`,
    );
  const client = yield* k.client();
  const path = `/apis/certificates.k8s.io/v1/certificatesigningrequests/${info.name}`;
  for (let tries = 0; ; tries++) {
    let request: KubeObject;
    try {
      request = yield* client.json<KubeObject>({ path });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      throw new Failure(`could not find v1 version of ${info.name}: ${(error as Failure).message}`);
    }
    const asked = request as Asked;
    const conditions = asked.status?.conditions ?? [];
    if (conditions.some((one) => one.type === not))
      throw new Failure(`certificate signing request ${goQuote(info.name)} is already ${not}`);
    const has = conditions.some((one) => one.type === type);
    if (has && !k.flags.bool("force")) return;
    const added = { type, status: "True", reason, message, lastUpdateTime: rfc3339(yield* now()) };
    const status = { ...asked.status, conditions: has ? conditions : [...conditions, added] };
    try {
      yield* client.json({ method: "PUT", path: `${path}/approval`, body: { ...request, status } });
      return;
    } catch (error) {
      if (!isReason(error, "Conflict") || tries >= 10) throw error;
    }
  }
}

const command = (word: string, done: string, condition: Condition): Command => ({
  path: `certificate ${word}`,
  *run(k) {
    const { flags, args } = k;
    const print = yield* printerOf(flags, { operation: done });
    const files = fileOptions(flags);
    if (args.length === 0 && !hasFiles(files))
      k.fail("one or more CSRs must be specified as <name> or -f <filename>");
    const result = yield* k.build({
      files,
      names: { type: "certificatesigningrequests", names: args },
      namespace: "",
      continueOnError: true,
      latest: true,
    });
    let found = 0;
    yield* result.visit(function* (info): Work<void> {
      yield* modify(k, info, condition);
      found++;
      k.out(print(info.object as KubeObject));
    });
    if (found === 0) k.out("No resources found\n");
  },
});

export const certificateCommands: readonly Command[] = [
  command("approve", "approved", {
    type: "Approved",
    not: "Denied",
    reason: "KubectlApprove",
    message: "This CSR was approved by kubectl certificate approve.",
  }),
  command("deny", "denied", {
    type: "Denied",
    not: "Approved",
    reason: "KubectlDeny",
    message: "This CSR was denied by kubectl certificate deny.",
  }),
];
