/** Names replaced by frontend/build.mjs: hashed files that lie beside the bundles. */
declare const MAP_WORKER: string;
declare const MAP_CSS: string;
declare module "htmx.org";
