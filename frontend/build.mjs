// Builds the front end into src/socle/design/static/dist: bundles, sprite, fonts, icons, manifest.json.
// Names carry a content hash; .gz and .br lie beside each text file so that the server only has to choose.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { existsSync, watch } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import * as esbuild from "esbuild";
import subsetFont from "subset-font";

const root = dirname(fileURLToPath(import.meta.url));
const design = join(root, "..", "src", "socle", "design");
const dist = join(design, "static", "dist");
const work = join(root, ".build");
const modules = join(root, "node_modules");
const target = ["chrome109", "firefox115", "safari15.6"];

const digest = (data) => createHash("sha256").update(data).digest("hex").slice(0, 10);
const hashedName = (name, data) => name.replace(/(\.[a-z0-9]+)$/, `-${digest(data)}$1`);

/** Custom properties of both themes, from the one list that Python reads too. Paper is always light. */
async function tokens() {
  const { groups, shadows } = JSON.parse(await readFile(join(design, "tokens.json"), "utf8"));
  const all = Object.assign({}, ...groups.map((group) => group.tokens), shadows);
  const body = (index) => Object.entries(all).map(([name, values]) => `  --${name}: ${values[index]};`).join("\n");
  const dark = `  color-scheme: dark;\n${body(1)}`;
  return [
    `:root, [data-theme="light"] {\n  color-scheme: light;\n${body(0)}\n}`,
    `@media screen {\n[data-theme="dark"] {\n${dark}\n}\n}`,
    `@media screen and (prefers-color-scheme: dark) {\n:root:not([data-theme="light"]):not([data-theme="dark"]) {\n${dark}\n}\n}`,
  ].join("\n");
}

/** One SVG file with a <symbol> per icon of icons.json; fails on a name that lucide does not have. */
async function sprite() {
  const names = JSON.parse(await readFile(join(root, "icons.json"), "utf8"));
  const symbols = await Promise.all(
    names.map(async (name) => {
      const file = join(modules, "lucide-static", "icons", `${name}.svg`);
      if (!existsSync(file)) throw new Error(`icons.json: lucide has no icon named "${name}"`);
      const svg = await readFile(file, "utf8");
      const inner = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>")).replace(/\s+/g, " ").replace(/ ?\/> ?/g, "/>").trim();
      return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor">${inner}</symbol>`;
    }),
  );
  // Lucide icons, ISC licence, © Lucide contributors.
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
}

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => String.fromCodePoint(from + index)).join("");
const LATIN = range(0x20, 0x7e) + range(0xa0, 0xff) + "ŒœŸ‐‑–—‘’‚“”„†•…‰‹›€™−×÷≈≤≥←↑→↓\u2009\u202f";
const LATIN_EXT = range(0x100, 0x17f) + range(0x218, 0x21b) + "ẞ₣№";

/** The same font under another name of the same length: a PDF takes one file per family and weight. */
function renamed(font, from, to) {
  const copy = Buffer.from(font);
  for (const encoding of ["latin1", "utf16le"]) {
    const [old, fresh] = [from, to].map((name) => (encoding === "utf16le" ? Buffer.from(name, encoding).swap16() : Buffer.from(name, encoding)));
    for (let at = copy.indexOf(old); at >= 0; at = copy.indexOf(old, at + 1)) fresh.copy(copy, at);
  }
  return copy;
}

/**
 * The two font files: what French pages need, and the rest of European Latin, loaded only when a name needs it.
 * Gives the same letters as plain fonts of two weights, for the PDFs that the server writes.
 */
async function fonts() {
  const folder = join(modules, "@fontsource-variable", "atkinson-hyperlegible-next", "files");
  const cut = async (name, type, data, text, options) => {
    const cached = join(work, `${name}-${digest(data + text + JSON.stringify(options))}.${type}`);
    if (!existsSync(cached)) await writeFile(cached, await subsetFont(data, text, options));
    return readFile(cached);
  };
  const plain = new Map();
  const make = async (name, source, text) => {
    const data = await readFile(join(folder, source));
    const pages = { targetFormat: "woff2", variationAxes: { wght: { min: 400, max: 700 } } };
    await writeFile(join(work, `${name}.woff2`), await cut(name, "woff2", data, text, pages));
    for (const wght of [400, 700])
      plain.set(`${name}-${wght}.ttf`, await cut(`${name}-${wght}`, "ttf", data, text, { targetFormat: "truetype", variationAxes: { wght } }));
  };
  await make("atkinson-latin", "atkinson-hyperlegible-next-latin-wght-normal.woff2", LATIN);
  await make("atkinson-latin-ext", "atkinson-hyperlegible-next-latin-ext-wght-normal.woff2", LATIN_EXT);
  for (const [name, font] of plain)
    if (name.includes("-ext-")) plain.set(name, renamed(font, "Atkinson Hyperlegible Next", "Atkinson Hyperlegible Plus"));
  return plain;
}

/** The licences of what the bundles contain: theirs ask that the notice travels along. */
async function licences() {
  const { dependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const parts = await Promise.all(
    Object.entries(dependencies).map(async ([name, version]) => {
      const file = (await readdir(join(modules, name))).find((entry) => /^licen[cs]e/i.test(entry));
      return `${name} ${version}\n${"-".repeat(60)}\n${await readFile(join(modules, name, file), "utf8")}`;
    }),
  );
  return parts.join("\n\n");
}

const text = /\.(js|css|svg|json|txt)$/;

async function build() {
  const started = Date.now();
  await mkdir(work, { recursive: true });
  const files = new Map(); // hashed name → content
  const manifest = {};
  const add = (logical, data, name = hashedName(logical, data)) => {
    files.set(name, data);
    manifest[logical] = name;
    return name;
  };

  const [plain] = await Promise.all([fonts(), tokens().then((css) => writeFile(join(work, "tokens.css"), css))]);
  for (const [name, data] of plain) add(name, data);
  add("sprite.svg", Buffer.from(await sprite()));
  for (const name of await readdir(join(root, "icons"))) add(name, await readFile(join(root, "icons", name)));
  add("licenses.txt", Buffer.from(await licences()));
  const worker = add("map-worker.js", await readFile(join(modules, "maplibre-gl", "dist", "maplibre-gl-worker.mjs")));

  const common = {
    absWorkingDir: root,
    outdir: dist,
    entryNames: "[name]-[hash]",
    chunkNames: "c-[name]-[hash]",
    assetNames: "[name]-[hash]",
    bundle: true,
    minify: true,
    target,
    legalComments: "none",
    metafile: true,
    write: false,
    logLevel: "warning",
  };
  const collect = (result) => {
    for (const file of result.outputFiles) files.set(basename(file.path), Buffer.from(file.contents));
    for (const [path, output] of Object.entries(result.metafile.outputs)) {
      const name = basename(path);
      if (name.endsWith(".woff2")) manifest[basename(Object.keys(output.inputs)[0])] = name;
      else if (output.entryPoint) manifest[basename(output.entryPoint).replace(/\.ts$/, ".js")] = name;
    }
    return result;
  };
  // Styles first: the map's script loads its own stylesheet and has to know its name.
  collect(await esbuild.build({ ...common, entryPoints: ["src/portal.css", "src/desk.css", "src/map.css", "src/style.css"], loader: { ".woff2": "file" } }));
  const result = collect(
    await esbuild.build({
      ...common,
      entryPoints: ["src/portal.ts", "src/desk.ts"],
      splitting: true,
      format: "esm",
      define: { MAP_WORKER: JSON.stringify(`./${worker}`), MAP_CSS: JSON.stringify(`./${manifest["map.css"]}`) },
    }),
  );

  // The service worker precaches the shell: what every page needs, the screen for reporting without a network, and nothing heavier.
  const shell = ["portal.css", "portal.js", "sprite.svg", "atkinson-latin.woff2", "icon.svg"].map((name) => manifest[name]);
  const chunks = new Set();
  const follow = (name) => {
    for (const item of result.metafile.outputs[relative(root, join(dist, name))]?.imports ?? [])
      if (item.kind === "import-statement" && !chunks.has(basename(item.path))) {
        chunks.add(basename(item.path));
        follow(basename(item.path));
      }
  };
  const kept = ["offline-report.js", "form-parts.js"].map((name) => manifest[name]);
  for (const name of kept) follow(name);
  const offline = [...kept, ...chunks];
  const preloads = {};
  for (const entry of ["portal.js", "desk.js"]) {
    chunks.clear();
    follow(manifest[entry]);
    preloads[entry] = [...chunks];
  }
  const sw = await esbuild.build({
    absWorkingDir: root,
    entryPoints: ["src/sw.ts"],
    bundle: true,
    format: "iife",
    minify: true,
    target,
    define: { SHELL: JSON.stringify([...new Set([...shell, ...preloads["portal.js"], ...offline])]), VERSION: JSON.stringify(digest(JSON.stringify(manifest))) },
    write: false,
    logLevel: "warning",
  });
  add("sw.js", Buffer.from(sw.outputFiles[0].contents));

  const zip = promisify(gzip);
  const br = promisify(brotliCompress);
  await mkdir(dist, { recursive: true });
  // The build before this one stays: a server that is still running, or a page kept by a browser, names its files.
  const former = await readFile(join(dist, "manifest.json"), "utf8").then((json) => JSON.parse(json).written ?? [], () => []);
  const written = [...files.keys()];
  const keep = new Set(["manifest.json", ...former.flatMap((name) => [name, `${name}.gz`, `${name}.br`])]);
  await Promise.all(
    [...files].map(async ([name, data]) => {
      keep.add(name);
      const fresh = !existsSync(join(dist, name));
      if (fresh) await writeFile(join(dist, name), data);
      if (!text.test(name)) return;
      keep.add(`${name}.gz`).add(`${name}.br`);
      if (!fresh && existsSync(join(dist, `${name}.br`))) return;
      const quality = data.length > 300_000 ? 9 : 11; // level 11 on the map library alone would cost two seconds
      await writeFile(join(dist, `${name}.gz`), await zip(data, { level: 9 }));
      await writeFile(join(dist, `${name}.br`), await br(data, { params: { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_SIZE_HINT]: data.length } }));
    }),
  );
  const sorted = Object.fromEntries(Object.entries(manifest).sort());
  await writeFile(join(dist, "manifest.json"), `${JSON.stringify({ files: sorted, preloads, written }, null, 2)}\n`);
  for (const name of await readdir(dist)) if (!keep.has(name)) await rm(join(dist, name), { recursive: true });
  console.log(`front end built: ${files.size} files in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

await build();
if (process.argv.includes("--watch")) {
  let timer;
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(() => build().catch((error) => console.error(error.message)), 120);
  };
  for (const path of [join(root, "src"), join(root, "icons.json"), join(root, "icons"), join(design, "tokens.json")]) watch(path, { recursive: true }, again);
  console.log("watching…");
}
