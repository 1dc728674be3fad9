import { app } from "./app.ts";

export { SandboxObject } from "../durable-objects/sandbox.ts";
export default app;
