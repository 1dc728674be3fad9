import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { usePageVisible } from "../ui/page-visible.ts";
import { followConnection, type Connection } from "./connection.ts";
import type { Desk } from "./desk.ts";

/** Says that the page does not hear from its sandbox, and what becomes of what one does meanwhile. */
export function ConnectionNotice({ desk }: { desk: Desk }) {
  const connection = useSignal<Connection>({ is: "open" });
  const { value: visible } = usePageVisible();
  useEffect(() => {
    // A hidden page does not keep the cluster's time running.
    if (!visible || connection.peek().is === "over") return;
    return followConnection(desk.sandbox, desk.live.changes!, connection);
  }, [desk, visible]);
  const { value } = connection;
  if (value.is === "over") {
    return (
      <div class="notice lost" role="alert">
        <p>
          <b>{value.why}</b> The page still shows what it knew last, and what you wrote in it; none
          of it can be saved there any more. <a href="/">Make a sandbox of your own</a>
        </p>
      </div>
    );
  }
  return (
    <div role="status" class={value.is === "open" ? "unseen" : `notice ${value.is}`}>
      {value.is === "lost" &&
        "The connection to the sandbox is lost. The page shows what it knew last and tries again by itself; keys typed into a terminal wait."}
      {value.is === "back" && "Connected again. Everything shown is of now; nothing was missed."}
    </div>
  );
}
