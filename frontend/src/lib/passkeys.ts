/**
 * Passkeys: asks the browser for a credential and sends it in a hidden field, as django-allauth expects.
 *
 * <form data-passkey="register|authenticate|login" [data-options="#id-of-json-script"]> with an
 * <input type="hidden" name="credential">. Without `data-options` the options are fetched from the form's own address
 * (allauth's login view answers JSON to an AJAX GET). `data-passkey-only` parts are hidden where browsers have no passkeys;
 * `data-passkey-missing` parts are shown instead. Errors are told in `[data-passkey-error]`.
 */
import { all, once, one } from "./dom";
import { notify } from "./toasts";
import { say } from "./words";

type Json = Record<string, any>;

const decode = (text: string): ArrayBuffer => {
  const padded = text.replace(/-/g, "+").replace(/_/g, "/").padEnd(Math.ceil(text.length / 4) * 4, "=");
  return Uint8Array.from(atob(padded), (character) => character.charCodeAt(0)).buffer;
};

const encode = (buffer: ArrayBuffer): string => {
  let text = "";
  for (const byte of new Uint8Array(buffer)) text += String.fromCharCode(byte);
  return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
};

const descriptors = (list: Json[] | undefined): PublicKeyCredentialDescriptor[] =>
  (list ?? []).map((item) => ({ ...item, id: decode(item.id) }) as PublicKeyCredentialDescriptor);

function creationOptions(json: Json, passwordless: boolean | null): PublicKeyCredentialCreationOptions {
  const selection: Json = { ...json.authenticatorSelection };
  if (passwordless !== null) {
    selection.residentKey = passwordless ? "required" : "discouraged";
    selection.requireResidentKey = passwordless;
    if (passwordless) selection.userVerification = "required";
  }
  return {
    ...json,
    challenge: decode(json.challenge),
    user: { ...json.user, id: decode(json.user.id) },
    excludeCredentials: descriptors(json.excludeCredentials),
    authenticatorSelection: selection,
  } as unknown as PublicKeyCredentialCreationOptions;
}

function requestOptions(json: Json): PublicKeyCredentialRequestOptions {
  return { ...json, challenge: decode(json.challenge), allowCredentials: descriptors(json.allowCredentials) } as PublicKeyCredentialRequestOptions;
}

function serialise(credential: PublicKeyCredential): Json {
  const answer = credential.response as AuthenticatorAttestationResponse & AuthenticatorAssertionResponse;
  const response: Json = { clientDataJSON: encode(answer.clientDataJSON) };
  if (answer.attestationObject) {
    response.attestationObject = encode(answer.attestationObject);
    response.transports = answer.getTransports?.() ?? [];
  } else {
    response.authenticatorData = encode(answer.authenticatorData);
    response.signature = encode(answer.signature);
    response.userHandle = answer.userHandle ? encode(answer.userHandle) : null;
  }
  return {
    type: credential.type,
    id: credential.id,
    rawId: encode(credential.rawId),
    authenticatorAttachment: credential.authenticatorAttachment ?? null,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

async function options(form: HTMLFormElement): Promise<Json> {
  const inline = form.dataset.options ? document.querySelector(form.dataset.options)?.textContent : null;
  let data: Json;
  if (inline) data = JSON.parse(inline) as Json;
  else {
    const response = await fetch(form.action, { headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" } });
    if (!response.ok) throw new Error(`options: ${response.status}`);
    data = (await response.json()) as Json;
  }
  data = data.creation_options ?? data.request_options ?? data;
  return data.publicKey ?? data;
}

async function ask(form: HTMLFormElement): Promise<Credential | null> {
  const json = await options(form);
  if (form.dataset.passkey !== "register") return navigator.credentials.get({ publicKey: requestOptions(json) });
  const box = one<HTMLInputElement>(form, "input[type=checkbox][name=passwordless]");
  return navigator.credentials.create({ publicKey: creationOptions(json, box ? box.checked : null) });
}

function wire(form: HTMLFormElement): void {
  const field = one<HTMLInputElement>(form, "input[name=credential]");
  const error = one(form, "[data-passkey-error]");
  if (!field) return;
  const tell = (text: string): void => {
    if (error) error.textContent = text;
    else notify(text, "danger");
  };
  form.addEventListener("submit", (event) => {
    if (field.value) return;
    event.preventDefault();
    const button = event.submitter;
    button?.classList.add("is-busy");
    tell("");
    ask(form)
      .then((credential) => {
        if (!credential) throw new DOMException("", "NotAllowedError");
        field.value = JSON.stringify(serialise(credential as PublicKeyCredential));
        form.submit();
      })
      .catch((reason: unknown) => {
        button?.classList.remove("is-busy");
        tell(reason instanceof DOMException && reason.name === "NotAllowedError" ? say.passkeyCancelled : say.passkeyFailed);
      });
  });
}

export function enhance(root: ParentNode): void {
  const supported = typeof window.PublicKeyCredential === "function" && !!navigator.credentials;
  for (const part of all(document, "[data-passkey-only]")) part.hidden = !supported;
  for (const part of all(document, "[data-passkey-missing]")) part.hidden = supported;
  if (supported) once<HTMLFormElement>(root, "form[data-passkey]", wire);
}
