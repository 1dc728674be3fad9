/** What every cluster serves from birth on; loaded when discovery or OpenAPI is first asked for (static-reply.ts). */
export { edgeResponse } from "../durable-objects/engine/api/discovery/discovery.ts";
export { builtin } from "../durable-objects/engine/api/discovery/registry.ts";
export { openApiAsset, openApiHash } from "../durable-objects/engine/schema/openapi.ts";
