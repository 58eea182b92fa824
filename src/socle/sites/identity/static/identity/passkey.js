// Passkeys (WebAuthn). The only script of these pages, and the only thing that needs one: forms are
// hidden until it runs in a browser that has passkeys.
"use strict";

(() => {
  const status = document.querySelector("[data-passkey-status]");
  // A passkey belongs to a name: browsers refuse a bare network address.
  const named = !/^[\d.]+$|:/.test(location.hostname);
  if (!window.PublicKeyCredential || !navigator.credentials || !named) {
    if (status && status.dataset.unsupported) status.textContent = status.dataset.unsupported;
    return;
  }

  const bytes = (text) => {
    const plain = text.replace(/-/g, "+").replace(/_/g, "/");
    const raw = atob(plain + "=".repeat((4 - (plain.length % 4)) % 4));
    return Uint8Array.from(raw, (character) => character.charCodeAt(0));
  };
  const text = (buffer) => {
    if (!buffer) return buffer;
    const raw = String.fromCharCode(...new Uint8Array(buffer));
    return btoa(raw).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  const listed = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const toCreate = (options, alone) => {
    const key = options.publicKey;
    const selection = { ...key.authenticatorSelection };
    selection.residentKey = alone ? "required" : "discouraged";
    selection.requireResidentKey = alone;
    if (alone) selection.userVerification = "required";
    return {
      publicKey: {
        ...key,
        authenticatorSelection: selection,
        challenge: bytes(key.challenge),
        user: { ...key.user, id: bytes(key.user.id) },
        excludeCredentials: listed(key.excludeCredentials),
      },
    };
  };
  const toGet = (options) => {
    const key = options.publicKey;
    return {
      publicKey: {
        ...key,
        challenge: bytes(key.challenge),
        allowCredentials: listed(key.allowCredentials),
      },
    };
  };
  const answer = (credential) => {
    const said = credential.response;
    const response = { clientDataJSON: text(said.clientDataJSON) };
    if (said.attestationObject) {
      response.attestationObject = text(said.attestationObject);
      response.transports = said.getTransports ? said.getTransports() : [];
    } else {
      response.authenticatorData = text(said.authenticatorData);
      response.signature = text(said.signature);
      response.userHandle = text(said.userHandle);
    }
    return {
      type: credential.type,
      id: credential.id,
      rawId: text(credential.rawId),
      authenticatorAttachment: credential.authenticatorAttachment || null,
      response,
      clientExtensionResults: credential.getClientExtensionResults(),
    };
  };

  const ask = async (form) => {
    if (form.dataset.passkey === "create") {
      const alone = form.elements.passwordless ? form.elements.passwordless.checked : false;
      return navigator.credentials.create(toCreate(JSON.parse(form.dataset.options), alone));
    }
    if (form.dataset.passkey === "login") {
      const fetched = await fetch(form.action, {
        headers: { Accept: "application/json" },
        credentials: "same-origin",
      });
      if (!fetched.ok) throw new Error(String(fetched.status));
      return navigator.credentials.get(toGet((await fetched.json()).request_options));
    }
    return navigator.credentials.get(toGet(JSON.parse(form.dataset.options)));
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.querySelector("[data-passkey-go]").addEventListener("click", async (event) => {
      event.preventDefault();
      if (status) status.textContent = "";
      try {
        form.elements.credential.value = JSON.stringify(answer(await ask(form)));
      } catch {
        if (status) status.textContent = status.dataset.cancelled;
        return;
      }
      form.submit();
    });
  }
})();
