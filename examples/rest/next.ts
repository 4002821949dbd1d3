// The API in Next.js: app/api/v1/[...path]/route.ts, and app/openapi.json/route.ts if you serve its document. What
// `service.ts` needs. Let one process call service.start(), for example in instrumentation.ts.
import { handler } from './service.js';

export const GET = handler.fetch;
export const POST = handler.fetch;
export const PATCH = handler.fetch;
export const DELETE = handler.fetch;
