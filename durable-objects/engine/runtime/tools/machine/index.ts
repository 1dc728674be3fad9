/** Tools that only the nodes themselves have. */
import type { Program } from "../../kernel/types.ts";
import { journalctl } from "./journalctl.ts";
import { systemctl } from "./systemctl.ts";

export const nodeTools: Program[] = [systemctl, journalctl];
