// Passkeys: asks the browser, puts its answer into the form and sends it. Loaded only where one can be used.
(() => {
  "use strict";
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const described = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const readable = ({ publicKey }) => ({
    publicKey: {
      ...publicKey,
      challenge: bytes(publicKey.challenge),
      ...(publicKey.user && { user: { ...publicKey.user, id: bytes(publicKey.user.id) } }),
      ...(publicKey.allowCredentials && { allowCredentials: described(publicKey.allowCredentials) }),
      ...(publicKey.excludeCredentials && { excludeCredentials: described(publicKey.excludeCredentials) }),
    },
  });
  const PARTS = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const sendable = (credential) => ({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: Object.fromEntries(
      PARTS.filter((part) => credential.response[part]).map((part) => [part, text(credential.response[part])])
    ),
  });

  const question = async (form) => {
    if (form.dataset.options) return JSON.parse(form.dataset.options);
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.status);
    return (await answer.json()).request_options;
  };
  const tell = (form, what) => {
    const line = form.querySelector("[data-passkey-said]");
    line.textContent = line.dataset[what];
    line.hidden = false;
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-busy");
  };
  addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-passkey]")) return;
    event.preventDefault();
    if (!window.PublicKeyCredential) return tell(form, "missing");
    try {
      const credential = await navigator.credentials[form.dataset.passkey](readable(await question(form)));
      form.elements.credential.value = JSON.stringify(sendable(credential));
      form.submit();
    } catch {
      tell(form, "refused");
    }
  });
})();
