import { messageOf } from "../api/client.ts";
import { filesOf, manifestsIn } from "../objects/files.ts";
import type { Board } from "./board.ts";

/** Files and folders that are dropped on the desk become a text that is ready to be applied. */
export function dropping(board: Board): {
  onDragOver?: (event: DragEvent) => void;
  onDrop?: (event: DragEvent) => void;
} {
  if (board.desk.sandbox.role === "viewer") return {};
  return {
    onDragOver: (event) => {
      if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    },
    onDrop: (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      void filesOf(event.dataTransfer)
        .then(manifestsIn)
        .catch((error: unknown) => `# ${messageOf(error)}\n`)
        .then((text) => {
          board.draft.value = text;
          board.over.value = "create";
        });
    },
  };
}
