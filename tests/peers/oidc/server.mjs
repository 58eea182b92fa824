// A real OpenID provider (panva's oidc-provider, which FranceConnect and ProConnect run on) on
// loopback, with the rules of both and, on demand, the faults that a relying party must refuse.
//
// Standard output, one line: {"issuer": "http://127.0.0.1:PORT"}. It stops when its input closes.
// POST /control {"persona": {...}, "acr": "eidas1", "amr": [...], "fault": "...", "rotate": true,
//                "deny": true, "down": true}

import { createServer } from "node:http";
import { createHash } from "node:crypto";
import * as jose from "jose";
import Provider from "oidc-provider";

const options = JSON.parse(process.argv[2] ?? "{}");
const site = options.site ?? "http://testserver";
const state = { persona: {}, acr: "eidas1", amr: ["pwd"], fault: "", deny: false, down: false };
let issuer, handle, signing;

const FRANCECONNECT = ["given_name", "family_name", "preferred_username", "birthdate", "email"];
const PROCONNECT = ["given_name", "usual_name", "email", "siret", "uid", "idp_id", "phone_number"];
// ProConnect answers Y000400 to any other parameter.
const KNOWN = new Set(["response_type", "client_id", "redirect_uri", "scope", "state", "nonce",
  "acr_values", "claims", "prompt"]);

const client = (key, alg, subject) => ({
  client_id: `socle-${key}`,
  client_secret: `a-secret-for-tests-only-${key}-0123456789`,
  redirect_uris: [`${site}/compte/connexion/${key}/retour`],
  post_logout_redirect_uris: [`${site}/compte/deconnexion/${key}/retour`],
  token_endpoint_auth_method: "client_secret_post",
  id_token_signed_response_alg: alg,
  userinfo_signed_response_alg: alg,
  subject_type: subject,
});

async function keys() {
  const made = await Promise.all(["ES256", "RS256"].map(async (alg) => {
    const { privateKey } = await jose.generateKeyPair(alg, { extractable: true });
    const jwk = await jose.exportJWK(privateKey);
    return { ...jwk, alg, use: "sig", kid: await jose.calculateJwkThumbprint(jwk) };
  }));
  return { keys: made };
}

async function provider() {
  signing = await keys();
  const made = new Provider(issuer, {
    jwks: signing,
    clients: [client("franceconnect", "ES256", "pairwise"), client("proconnect", "RS256", "public")],
    subjectTypes: ["public", "pairwise"],
    pairwiseIdentifier: (ctx, accountId, { clientId }) =>
      createHash("sha256").update(`${clientId}:${accountId}`).digest("hex") + "v1",
    acrValues: ["eidas1", "eidas2", "eidas3"],
    claims: {
      openid: ["sub"], acr: null, amr: null, auth_time: null,
      ...Object.fromEntries([...new Set([...FRANCECONNECT, ...PROCONNECT])].map((name) => [name, [name]])),
    },
    findAccount: (ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: id, ...state.persona }),
    }),
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId,
      });
      grant.addOIDCScope(ctx.oidc.params.scope);
      grant.addOIDCClaims(["acr", "amr"]);
      await grant.save();
      return grant;
    },
    pkce: { required: () => false },
    cookies: { keys: ["only-for-tests"] },
    ttl: { AuthorizationCode: 30, AccessToken: 60, IdToken: 60, Session: 1800, Interaction: 600,
      Grant: 1800 },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: true },
      jwtUserinfo: { enabled: true },
      claimsParameter: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => { ctx.body = `<!doctype html><body>${form}</body>`; },
      },
    },
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  });
  made.use(rules);
  made.use(faults);
  return made;
}

// What the two services demand beyond the standard.
async function rules(ctx, next) {
  if (ctx.path === "/auth") {
    const { query } = ctx;
    const wrong = [];
    if ((query.state ?? "").length < 32) wrong.push("state");
    if ((query.nonce ?? "").length < 32) wrong.push("nonce");
    if (query.client_id === "socle-franceconnect" && !query.acr_values) wrong.push("acr_values");
    for (const name of Object.keys(query)) if (!KNOWN.has(name)) wrong.push(name);
    if (wrong.length) {
      ctx.status = 400;
      ctx.body = `Y000400 ${wrong.join(" ")}`;
      return;
    }
  }
  await next();
}

async function signed(token, change, { alg, other = false } = {}) {
  const header = jose.decodeProtectedHeader(token);
  const claims = { ...jose.decodeJwt(token), ...change };
  for (const name of Object.keys(claims)) if (claims[name] === null) delete claims[name];
  if (alg === "none") {
    const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    return `${part({ alg: "none" })}.${part(claims)}.`;
  }
  if (alg === "HS256") {
    // The classic confusion: the provider's public key used as a shared secret.
    const jwk = signing.keys.find((key) => key.kid === header.kid);
    const spki = await jose.exportSPKI(await jose.importJWK({ ...jwk, d: undefined, p: undefined,
      q: undefined, dp: undefined, dq: undefined, qi: undefined }, header.alg));
    return new jose.SignJWT(claims).setProtectedHeader({ ...header, alg: "HS256" })
      .sign(new TextEncoder().encode(spki));
  }
  const source = other ? (await keys()).keys : signing.keys;
  const jwk = source.find((key) => key.alg === header.alg);
  return new jose.SignJWT(claims).setProtectedHeader(header)
    .sign(await jose.importJWK(jwk, header.alg));
}

const now = () => Math.floor(Date.now() / 1000);
const ID_TOKEN = {
  "wrong-nonce": [{ nonce: "another-nonce-0123456789-0123456789" }],
  "no-nonce": [{ nonce: null }],
  "wrong-issuer": [{ iss: "http://127.0.0.1:1" }],
  "wrong-audience": [{ aud: "somebody-else" }],
  "two-audiences": [{ aud: ["somebody-else", "socle-franceconnect"] }],
  "expired": [() => ({ iat: now() - 300, exp: now() - 120 })],
  "from-the-future": [() => ({ iat: now() + 300, exp: now() + 600 })],
  "no-acr": [{ acr: null }],
  "wrong-at-hash": [{ at_hash: "AAAAAAAAAAAAAAAAAAAAAA" }],
  "alg-none": [{}, { alg: "none" }],
  "alg-confusion": [{}, { alg: "HS256" }],
  "another-key": [{}, { other: true }],
};

async function faults(ctx, next) {
  await next();
  const { fault } = state;
  if (!fault) return;
  if (ctx.path === "/token" && ctx.body?.id_token && ID_TOKEN[fault]) {
    const [change, how] = ID_TOKEN[fault];
    const changed = typeof change === "function" ? change() : change;
    ctx.body = { ...ctx.body, id_token: await signed(ctx.body.id_token, changed, how) };
  }
  if (ctx.path === "/me" && typeof ctx.body === "string") {
    if (fault === "tampered-userinfo") {
      const [header, payload, signature] = ctx.body.split(".");
      const claims = JSON.parse(Buffer.from(payload, "base64url"));
      claims.email = "victime@exemple.fr";
      ctx.body = [header, Buffer.from(JSON.stringify(claims)).toString("base64url"), signature].join(".");
    }
    if (fault === "userinfo-of-another") ctx.body = await signed(ctx.body, { sub: "somebody-else" });
    if (fault === "userinfo-for-another") ctx.body = await signed(ctx.body, { aud: "somebody-else" });
    if (fault === "unsigned-userinfo") {
      ctx.body = { ...jose.decodeJwt(ctx.body) };
      ctx.type = "application/json";
    }
  }
}

async function control(request, response) {
  let text = "";
  for await (const chunk of request) text += chunk;
  const asked = JSON.parse(text);
  const { rotate, ...rest } = asked;
  Object.assign(state, rest);
  if (rotate) await start();
  response.end("{}");
}

async function interaction(current, request, response) {
  const details = await current.interactionDetails(request, response);
  const result = state.deny
    ? { error: "access_denied", error_description: "User auth aborted" }
    : details.prompt.name === "login"
      ? { login: { accountId: state.persona.sub ?? "somebody", acr: state.acr, amr: state.amr, remember: false } }
      : { consent: {} };
  await current.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
}

async function start() {
  const current = await provider();
  const callback = current.callback();
  handle = async (request, response) => {
    if (request.url === "/control") return control(request, response);
    if (state.down) {
      response.statusCode = 503;
      return response.end("down");
    }
    if (request.url.startsWith("/interaction/")) return interaction(current, request, response);
    return callback(request, response);
  };
}

console.warn = console.info = () => {};
const server = createServer((request, response) => {
  handle(request, response).catch((error) => {
    response.statusCode = 500;
    response.end(String(error?.stack ?? error));
  });
});
server.listen(0, "127.0.0.1", async () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  await start();
  process.stdout.write(JSON.stringify({ issuer }) + "\n");
});
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
